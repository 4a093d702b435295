package state

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/transport/disk"
)

var (
	errNotRegular = errors.New("it is no regular file: move it away")
	errLink       = errors.New("it is a link: put the file itself there")
)

// told returns an error with the whole path of the file or folder that it is about, and what to do.
func told(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w: look whose it is and make it yours, or choose another folder", path, disk.Reason(err))
	}
	return fmt.Errorf("%s: %w", path, disk.Reason(err))
}

// openRegular opens a file that is there and is no link. One that a name leads to might be where
// others can replace it.
func openRegular(root *os.Root, name string, flag int) (*os.File, error) {
	info, err := root.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, errLink
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	}
	file, err := root.OpenFile(name, flag|noWait, 0)
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// readAll reads a file of no more than so many bytes.
func readAll(file *os.File, most int) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("it is larger than %d bytes", most)
	}
	return text, err
}

// The names of temporary files begin and end so, with a random text in between.
func temporaryPrefix(name string) string { return "." + name + "." }

const temporarySuffix = ".new"

// writeTemporary makes a durable file beside the place that is for it.
func writeTemporary(root *os.Root, name string, text []byte) (temporary string, err error) {
	temporary = temporaryPrefix(name) + rand.Text() + temporarySuffix
	var file *os.File
	err = attempt("make a temporary file", func() (err error) {
		file, err = root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return "", err
	}
	err = attempt("write to it", func() error { _, err := write(file, text); return err })
	if err == nil {
		err = attempt("make it durable", file.Sync)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		root.Remove(temporary)
		return "", err
	}
	return temporary, nil
}

// sweep removes the temporary files of a name, which nobody may be about to put in its place.
func sweep(root *os.Root, name string) {
	folder, err := root.Open(".")
	if err != nil {
		return
	}
	defer folder.Close()
	all, _ := folder.Readdirnames(-1)
	for _, one := range all {
		if strings.HasPrefix(one, temporaryPrefix(name)) && strings.HasSuffix(one, temporarySuffix) {
			attempt("remove a temporary file", func() error { return root.Remove(one) })
		}
	}
}

// replace puts a file in a place, whatever is there. Nobody else may do so at the same time.
func replace(root *os.Root, name string, text []byte) error {
	sweep(root, name)
	temporary, err := writeTemporary(root, name, text)
	if err != nil {
		return err
	}
	if err := attempt("rename it", func() error { return root.Rename(temporary, name) }); err != nil {
		root.Remove(temporary)
		return err
	}
	return syncFolder(root)
}

// appendTo adds a line to the file in one write, in place of one that a crash has torn.
func appendTo(p place, torn bool, kept int, line []byte) (err error) {
	var file *os.File
	err = attempt("open it to append", func() (err error) {
		file, err = p.root.OpenFile(p.name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|noWait, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if torn {
		if err := attempt("cut off a torn line", func() error { return file.Truncate(int64(kept)) }); err != nil {
			return err
		}
	}
	err = attempt("append a line", func() error { _, err := write(file, line); return err })
	if err != nil {
		return errors.Join(err, file.Truncate(int64(kept)))
	}
	if err := attempt("make the line durable", file.Sync); err != nil {
		return errors.Join(err, file.Truncate(int64(kept)))
	}
	if kept > 0 {
		return nil
	}
	return syncFolder(p.root) // the file may be new
}

// cutTo cuts a file, durably.
func cutTo(p place, size int64) (err error) {
	file, err := p.root.OpenFile(p.name, os.O_WRONLY|noWait, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := attempt("take a line back", func() error { return file.Truncate(size) }); err != nil {
		return err
	}
	return attempt("make that durable", file.Sync)
}

// A lock is waited for so long, and looked at so often: it is held for one change of a small file.
const (
	lockWait = 10 * time.Second
	lockLook = 5 * time.Millisecond
)

// lock takes the lock that is for changes of a file, until what it returns is closed. It waits for it.
func lock(root *os.Root, name string) (io.Closer, error) {
	for begin := time.Now(); ; time.Sleep(lockLook) {
		held, err := lockNow(root, name)
		if err != disk.ErrLocked || time.Since(begin) > lockWait {
			return held, err
		}
	}
}

// lockNow takes the lock or fails with [disk.ErrLocked]. It is a file of its own, since a change may put
// another file in the place of the one that it is about.
func lockNow(root *os.Root, name string) (io.Closer, error) {
	file, err := root.OpenFile(name+".lock", os.O_RDWR|os.O_CREATE|noWait, 0o600)
	if err != nil {
		return nil, err
	}
	if err := disk.Lock(file); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
