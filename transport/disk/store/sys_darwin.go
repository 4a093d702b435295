package store

import "golang.org/x/sys/unix"

// exclusive moves a file to another folder if nothing has its name there.
func (d *dir) exclusive(name string, to *dir, as string) error {
	_, err := again(func() (int, error) { return 0, unix.RenameatxNp(d.fd, name, to.fd, as, unix.RENAME_EXCL) })
	return err
}
