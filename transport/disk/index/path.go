package index

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
)

// DefaultPath returns the default place of a folder's index: a file of its own among the user's
// caches.
func DefaultPath(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	caches, err := cacheFolder()
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(folder))
	return filepath.Join(caches, hex.EncodeToString(digest[:16])+".db"), nil
}

// cacheFolder returns the folder of ours among the user's caches.
func cacheFolder() (string, error) {
	caches, err := os.UserCacheDir()
	return filepath.Join(caches, "relaypeer"), err
}
