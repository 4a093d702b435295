package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Spool holds what is being fetched in a temporary file until it is whole, so that nothing of a file is printed
// or stands under its final name before all of it is there. One fetch at a time may use it.
type Spool struct {
	root *os.Root // where the file lies and will be kept; nil: an unnamed file in the system's temporary folder
	name string   // its temporary name in root
	file *os.File
}

// Temporary returns a Spool without a name: the system forgets it when the process ends, however that happens.
func Temporary() (*Spool, error) {
	file, err := os.CreateTemp("", "relaypeer-*")
	if err != nil {
		return nil, fmt.Errorf("no temporary file (TMPDIR says where): %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Spool{file: file}, nil
}

// Beside returns a Spool whose file lies in the folder where the named file will be: a slash-separated path
// relative to root, whose sub-folders are made. The root is the caller's and is not closed.
func Beside(root *os.Root, name string) (*Spool, error) {
	s := &Spool{root: root, name: name + fmt.Sprintf(".%d.part", os.Getpid())}
	if err := s.create(name); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(root.Name(), filepath.FromSlash(name)), err)
	}
	return s, nil
}

func (s *Spool) create(name string) error {
	if err := s.root.MkdirAll(path.Dir(name), 0o777); err != nil {
		return err
	}
	before, err := s.root.Stat(name)
	if err == nil && !before.Mode().IsRegular() {
		return errors.New("it is there, and is not a regular file")
	}
	there := err == nil
	if s.file, err = s.root.OpenFile(s.name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666); err != nil {
		return err
	}
	if there { // who may read the file does not change with its content
		if err := s.file.Chmod(before.Mode().Perm()); err != nil {
			return errors.Join(err, s.Discard())
		}
	}
	return nil
}

// Writer returns the file, positioned at offset in bytes.
func (s *Spool) Writer(offset uint64) (io.Writer, error) {
	if _, err := s.file.Seek(int64(offset), io.SeekStart); err != nil {
		return nil, err
	}
	return s.file, nil
}

// Clear forgets what has been received.
func (s *Spool) Clear() error { return s.file.Truncate(0) }

// Size returns how many bytes have been received.
func (s *Spool) Size() int64 {
	info, err := s.file.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// Reader returns the content from its beginning.
func (s *Spool) Reader() (io.Reader, error) {
	_, err := s.file.Seek(0, io.SeekStart)
	return s.file, err
}

// Keep puts the file of a Beside spool in its final place, durably, over any regular file of that name, and ends
// the spool.
func (s *Spool) Keep(name string) error {
	err := s.file.Sync()
	if err == nil {
		err = s.root.Rename(s.name, name)
	}
	if err != nil {
		return errors.Join(err, s.Discard())
	}
	return errors.Join(s.file.Close(), syncFolder(s.root, path.Dir(name)))
}

// Discard ends the spool and leaves nothing behind.
func (s *Spool) Discard() error {
	err := s.file.Close()
	if s.root != nil {
		err = errors.Join(err, s.root.Remove(s.name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// syncFolder makes a rename durable.
func syncFolder(root *os.Root, folder string) error {
	dir, err := root.Open(filepath.FromSlash(folder))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
