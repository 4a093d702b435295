package disk

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
)

// fewFolders may be made durable one by one; above that, the file system as a whole is less work.
const fewFolders = 8

// Misplaced is an item that could not be put in its place.
type Misplaced struct {
	Item int
	Err  error
}

// Commit puts what has come since the last Commit in its places, durably, over any regular files there, and makes the
// folders it needs. It returns those for which that could not be done, which are dropped; the error is one of all. Items
// may go on coming meanwhile.
func (b *Batch) Commit() ([]Misplaced, error) {
	b.commit.Lock()
	defer b.commit.Unlock()
	b.mu.Lock()
	items := b.staged
	b.staged = nil
	b.mu.Unlock()
	if len(items) == 0 {
		return nil, nil
	}
	if err := b.flush(items); err != nil {
		return nil, fmt.Errorf("%s: %w", b.root.Name(), err)
	}
	var misplaced []Misplaced
	folders := map[string]bool{}
	for _, item := range items {
		name := b.names[item]
		if err := b.place(item, path.Clean(name), folders); err != nil {
			where := filepath.Join(b.root.Name(), filepath.FromSlash(name))
			misplaced = append(misplaced, Misplaced{item, fmt.Errorf("%s: %w", where, err)})
		}
	}
	if err := b.settle(folders); err != nil {
		return misplaced, fmt.Errorf("%s: %w", b.root.Name(), err)
	}
	return misplaced, nil
}

// flush has the items' bytes on the disk when it returns.
func (b *Batch) flush(items []int) error {
	before("sync the items")
	if done, err := syncAll(b.locked); done {
		return err
	}
	for _, item := range items {
		file, err := b.stage.OpenFile(strconv.Itoa(item), os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// place puts an item under its name, and notes the folders that have changed.
func (b *Batch) place(item int, name string, folders map[string]bool) error {
	staged := b.folder + "/" + strconv.Itoa(item)
	err := b.allow(item, name, folders)
	if err == nil {
		before("rename an item")
		err = b.root.Rename(staged, name)
	}
	if err != nil {
		return errors.Join(err, b.root.Remove(staged))
	}
	return nil
}

// allow makes the way to the place, and refuses one that is taken by anything but a regular file.
func (b *Batch) allow(item int, name string, folders map[string]bool) error {
	if unfinished(name) {
		return errors.New("a name like this is for what is not whole yet")
	}
	folder := path.Dir(name)
	if !folders[folder] {
		if err := b.root.MkdirAll(folder, 0o777); err != nil {
			return err
		}
		for ; !folders[folder]; folder = path.Dir(folder) {
			folders[folder] = true // those above may be new as well
		}
	}
	there, err := b.root.Stat(name)
	switch {
	case err != nil: // nothing, or a link to nothing, which is replaced
		return nil
	case !there.Mode().IsRegular():
		return errors.New("it is there, and is not a regular file")
	}
	// Who may read the file does not change with its content.
	return b.stage.Chmod(strconv.Itoa(item), there.Mode().Perm())
}

// settle makes the renames durable.
func (b *Batch) settle(folders map[string]bool) error {
	if len(folders) > fewFolders {
		before("sync the folders")
		if done, err := syncAll(b.locked); done {
			return err
		}
	}
	var failed error
	for folder := range folders {
		failed = errors.Join(failed, syncFolder(b.root, folder))
	}
	return failed
}
