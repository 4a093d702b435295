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
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(folder))
	return filepath.Join(caches, "relaypeer", hex.EncodeToString(digest[:16])+".db"), nil
}
