package disk

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
)

// fewFolders may be made durable one by one; above that, the file system as a whole is less work.
const fewFolders = 8

// Misplaced is an item that could not be put in its place.
type Misplaced struct {
	Item int
	Err  error
}

// Commit returns when all that has come is in its place, durably, over any regular file there, in folders that are made
// as they are needed. It tells which items could not be put there, since the last Commit; these are dropped. The error is
// one of all: what of them is in its place is not known. Nothing may come meanwhile.
func (b *Batch) Commit() ([]Misplaced, error) {
	b.committer.Wait()
	b.mu.Lock()
	items := b.handOver()
	b.mu.Unlock()
	b.commit(items)
	b.mu.Lock()
	defer b.mu.Unlock()
	misplaced := b.misplaced
	b.misplaced = nil
	return misplaced, b.failed
}

// commit puts items in their places.
func (b *Batch) commit(items []staged) {
	misplaced, err := b.placeAll(items)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy = false
	b.misplaced = append(b.misplaced, misplaced...)
	if err != nil {
		b.failed = fmt.Errorf("%s: %w", b.root.Name(), err)
	}
}

func (b *Batch) placeAll(items []staged) (misplaced []Misplaced, err error) {
	if len(items) == 0 {
		return nil, nil
	}
	if err := b.flush(items); err != nil {
		return nil, err
	}
	folders := map[string]bool{}
	for _, at := range items {
		name := b.names[at.item]
		if err := b.place(at, path.Clean(name), folders); err != nil {
			where := filepath.Join(b.root.Name(), filepath.FromSlash(name))
			misplaced = append(misplaced, Misplaced{at.item, fmt.Errorf("%s: %w", where, err)})
		}
	}
	return misplaced, b.settle(folders)
}

// flush has the items' bytes on the disk when it returns.
func (b *Batch) flush(items []staged) error {
	before("sync the items")
	if done, err := syncAll(b.locked); done {
		return err
	}
	for _, at := range items {
		file, err := b.stage.OpenFile(at.name(), os.O_WRONLY, 0)
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
func (b *Batch) place(at staged, name string, folders map[string]bool) error {
	err := b.allow(at, name, folders)
	if err == nil {
		before("rename an item")
		err = b.root.Rename(b.folder+"/"+at.name(), name)
	}
	if err != nil {
		return errors.Join(err, b.stage.Remove(at.name()))
	}
	return nil
}

// allow makes the way to the place, and refuses one that is taken by anything but a regular file.
func (b *Batch) allow(at staged, name string, folders map[string]bool) error {
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
	return b.stage.Chmod(at.name(), there.Mode().Perm())
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
