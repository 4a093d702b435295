//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package state

import (
	"io/fs"
	"os"
)

// noWait is nothing: there are no named pipes among the files.
const noWait = 0

// syncFolder does nothing: folders cannot be made durable by themselves.
func syncFolder(*os.Root) error { return nil }

// checkFolder, checkChange and checkSecret refuse nothing: modes say nothing here, and the user's
// folders are for the user by the system's own lists.
func checkFolder(string, fs.FileInfo) error { return nil }
func checkChange(string, fs.FileInfo) error { return nil }
func checkSecret(string, fs.FileInfo) error { return nil }
