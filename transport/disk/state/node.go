package state

import (
	"crypto/sha256"
	"encoding/base32"
	"path/filepath"
	"slices"
	"strings"
)

// NodeKeyName returns the name of the key of a node that shares some folders or files: node- and 16
// characters. It depends on which they are, by their absolute paths without links, and not on their
// order, on how they are written, or on the names under which they are shared: the node is the same.
// A folder that is moved has another key, and so has one more folder. Upper and lower case differ, also
// where the file system takes them for the same.
func NodeKeyName(shares ...string) (string, error) {
	var paths []string
	for _, share := range shares {
		path, err := filepath.Abs(share)
		if err != nil {
			return "", err
		}
		paths = append(paths, withoutLinks(path))
	}
	slices.Sort(paths)
	digest := sha256.New()
	for _, path := range slices.Compact(paths) {
		digest.Write([]byte(path + "\x00")) // no path has a zero byte
	}
	text := base32.StdEncoding.EncodeToString(digest.Sum(nil)[:10])
	return "node-" + strings.ToLower(text), nil
}

// withoutLinks resolves the links of a path as far as it exists: a disk that is not there yet when the
// node starts must not change the node's key.
func withoutLinks(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	above := filepath.Dir(path)
	if above == path {
		return path
	}
	return filepath.Join(withoutLinks(above), filepath.Base(path))
}
