package store

import "golang.org/x/sys/unix"

// exclusive moves a file to another folder if nothing has its name there.
func (d *dir) exclusive(name string, to *dir, as string) error {
	_, err := again(func() (int, error) { return 0, unix.Renameat2(d.fd, name, to.fd, as, unix.RENAME_NOREPLACE) })
	return err
}

// syncAll makes the folder's whole file system durable. It returns false if the system cannot.
func (d *dir) syncAll() (done bool, err error) {
	if err := unix.Syncfs(d.fd); err != unix.ENOSYS {
		return true, err
	}
	return d.basic.syncAll()
}
