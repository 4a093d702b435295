package store

import "os"

// SyncClosed makes the file system of a folder durable through a descriptor that has been closed.
func SyncClosed(root *os.Root) (done bool, err error) {
	d, err := openDir(root, ".")
	if err != nil {
		return false, err
	}
	d.close()
	d.fd = -1 // no other file gets that number
	return d.syncAll()
}

// KeepsUp reports whether a file lies where files are written behind.
func KeepsUp(file *os.File) bool { return keepsUp(file) }

// StartWriting starts to write a range of a file.
func StartWriting(file *os.File, at, length int64) error { return startWriting(file, at, length) }

// Control calls f with the descriptor of a file.
func Control(file *os.File, f func(fd int) error) error { return control(file, f) }
