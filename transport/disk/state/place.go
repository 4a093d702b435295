package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/relaypeer/relaypeer/transport/disk"
)

// place is a file that may be there.
type place struct {
	root *os.Root
	name string
	path string
}

// locate returns where a file of the folder is. The user may have put a link there, as those do who
// keep such files elsewhere and link to them: nobody else can write to the folder. Then the file is
// where the link leads, and nobody else may be able to write there either.
func (f *Folder) locate(name string) (p place, err error) {
	root, err := f.openPrivate()
	if err != nil {
		return p, err
	}
	info, err := root.Lstat(name)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return place{root, name, f.Path(name)}, nil // what fails here fails again when it is opened
	}
	root.Close()
	path, err := filepath.EvalSymlinks(f.Path(name))
	if err != nil {
		return p, fmt.Errorf("%s: it is a link, and leads nowhere: %w", f.Path(name), disk.Reason(err))
	}
	if root, err = openPrivate(filepath.Dir(path)); err != nil {
		return p, err
	}
	return place{root, filepath.Base(path), path}, nil
}

// read reads known_relays, if there is one.
func (p place) read() (l lines, err error) {
	text, err := p.readText()
	if err != nil {
		return l, err
	}
	return parseLines(p.path, text)
}

// readText returns the text of the file, which nobody else can have changed: nothing if there is none.
func (p place) readText() ([]byte, error) {
	file, err := openRegular(p.root, p.name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, told(p.path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, told(p.path, err)
	}
	if err := checkChange(p.path, info); err != nil {
		return nil, err
	}
	text, err := readAll(file, mostFile)
	return text, told(p.path, err)
}
