//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package store

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// dir is an open folder.
type dir struct {
	basic
	root *os.Root
	name string
}

// openDir opens a folder under root.
func openDir(root *os.Root, name string) (*dir, error) {
	if _, err := root.Stat(name); err != nil {
		return nil, err
	}
	return &dir{root: root, name: name}, nil
}

// write makes a file, or empties it, and writes to it.
func (d *dir) write(name string, data []byte, about protocol.Attributes) error {
	file, err := d.root.OpenFile(d.name+"/"+name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		adopt(file, about)
	}
	return errors.Join(err, file.Close())
}

// setTime sets the modification time of an open file.
func setTime(file *os.File, modified time.Time) error {
	return os.Chtimes(file.Name(), time.Time{}, modified)
}

// look returns the mode of a file, without following a link, and whether it exists.
func (d *dir) look(name string) (kind fs.FileMode, there bool) {
	info, err := d.root.Lstat(d.name + "/" + name)
	if err != nil {
		return 0, false
	}
	return info.Mode() &^ (fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky), true
}

// add moves a file to another folder if nothing has its name there, and otherwise fails with
// ErrTaken: the file gets a second name, and loses its first.
func (d *dir) add(name string, to *dir, as string) error {
	err := d.root.Link(d.name+"/"+name, to.name+"/"+as)
	if errors.Is(err, fs.ErrExist) {
		return ErrTaken
	}
	if err == nil {
		err = before("remove the other name")
	}
	if err == nil {
		err = d.root.Remove(d.name + "/" + name)
	}
	return err
}

// move moves a file to another folder and replaces an existing one.
func (d *dir) move(name string, to *dir, as string) error {
	return d.root.Rename(d.name+"/"+name, to.name+"/"+as)
}

func (d *dir) close() error { return nil }

// singleOf returns false: what identifies a file is not told.
func singleOf(fs.FileInfo) (single, bool) { return single{}, false }
