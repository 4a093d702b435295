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
