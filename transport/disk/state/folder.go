package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/relaypeer/relaypeer/transport/disk"
)

// ErrNoFolder is the error of Open where there is no state folder and none can be made. A program may
// then do without. It must not where there is one that cannot be used: that is another error.
var ErrNoFolder = errors.New("there is no state folder, and none can be made")

// Folder is a state folder. It holds nothing open: each call opens the folder anew, so that one that
// was away is used again.
type Folder struct{ path string }

// Open returns the state folder at a path, which is made if it is not there; "" is that of
// DefaultPath. The path may lead through links: the user has typed it.
func Open(dir string) (*Folder, error) {
	f, err := at(dir)
	if err != nil {
		return nil, err
	}
	if err := makeFolder(f.path); err != nil {
		if _, there := os.Lstat(f.path); errors.Is(there, fs.ErrNotExist) || errors.Is(there, syscall.ENOTDIR) {
			return nil, fmt.Errorf("%w: %w", ErrNoFolder, err)
		}
		return nil, err
	}
	return f.checked()
}

// Existing is Open for a folder that is there. Its error is fs.ErrNotExist if it is not.
func Existing(dir string) (*Folder, error) {
	f, err := at(dir)
	if err != nil {
		return nil, err
	}
	return f.checked()
}

// at returns the folder at a path, whatever is there.
func at(dir string) (_ *Folder, err error) {
	if dir == "" {
		if dir, err = DefaultPath(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoFolder, err)
		}
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{path}, nil
}

// checked returns the folder if it can be opened.
func (f *Folder) checked() (*Folder, error) {
	root, err := f.open()
	if err != nil {
		return nil, err
	}
	return f, root.Close()
}

// makeFolder makes a folder and those above it, for the user alone. Each is durable when it returns:
// a key in a folder that a crash takes away is lost.
func makeFolder(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(path)
	if above == path {
		return &fs.PathError{Op: "mkdir", Path: path, Err: fs.ErrNotExist}
	}
	if err := makeFolder(above); err != nil {
		return err
	}
	err := attempt("make a folder", func() error { return os.Mkdir(path, 0o700) })
	if info, failed := os.Stat(path); err != nil && (failed != nil || !info.IsDir()) { // nobody else has made it either
		return err
	}
	root, err := disk.OpenFolder(above)
	if err != nil {
		return nil // one that may be passed through, but not read
	}
	defer root.Close()
	return syncFolder(root)
}

// Path returns where something in the folder is.
func (f *Folder) Path(name string) string { return filepath.Join(f.path, name) }

func (f *Folder) open() (*os.Root, error) { return openFolder(f.path) }

func openFolder(path string) (*os.Root, error) {
	root, err := disk.OpenFolder(path)
	return root, told(path, err)
}

// openPrivate opens the folder, if nobody else can put another file in the place of one in it.
func (f *Folder) openPrivate() (*os.Root, error) { return openPrivate(f.path) }

func openPrivate(path string) (*os.Root, error) {
	root, err := openFolder(path)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err == nil {
		err = checkFolder(path, info)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// Read returns the content of a file in the folder, if it has no more than so many bytes.
func (f *Folder) Read(name string, most int) ([]byte, error) {
	root, err := f.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file, err := openRegular(root, name, os.O_RDONLY)
	if err != nil {
		return nil, told(f.Path(name), err)
	}
	defer file.Close()
	text, err := readAll(file, most)
	return text, told(f.Path(name), err)
}

// Replace puts a file in the place of the one of that name, if there is one. Nobody else may replace
// it at the same time.
func (f *Folder) Replace(name string, text []byte) error {
	root, err := f.open()
	if err != nil {
		return err
	}
	defer root.Close()
	return told(f.Path(name), replace(root, name, text))
}
