package store

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/relaypeer/relaypeer/transport/disk"
)

// fewFolders is the number of folders that are synced one by one; for more, syncing the whole file
// system is cheaper.
const fewFolders = 8

// placeAll makes files durable, and then moves them to their places, folder by folder. It returns
// those that could not be moved there. An error concerns all files.
func (b *Batch) placeAll(files []staged) (misplaced map[spot]error, err error) {
	if err := b.flush(files); err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(x, y staged) int {
		return cmp.Or(cmp.Compare(b.name(x.spot), b.name(y.spot)), x.number-y.number)
	})
	p := placer{batch: b, folders: map[string]bool{}}
	misplaced = map[spot]error{}
	for _, at := range files {
		name := path.Clean(b.name(at.spot))
		if err := b.twins.put(name, func() error { return p.place(at, name) }); err != nil {
			misplaced[at.spot] = err
		}
	}
	return misplaced, errors.Join(p.leave(), b.syncFolders(p.folders))
}

// flush makes the files' bytes durable.
func (b *Batch) flush(files []staged) error {
	return attempt("sync the items", func() error {
		if done, err := syncAll(b.staging[0]); done {
			return err
		}
		for _, at := range files {
			file, err := obtain("open an item", func() (*os.File, error) { return b.root.OpenFile(b.path(at), os.O_WRONLY, 0) })
			if err != nil {
				return err
			}
			if err := errors.Join(attempt("sync an item", file.Sync), file.Close()); err != nil {
				return err
			}
		}
		return nil
	})
}

// placer moves files to their places. It keeps the folder open as long as files go there.
type placer struct {
	batch   *Batch
	folders map[string]bool // that have changed
	at      string          // the folder that is open
	open    *dir            // nil: none
}

// place moves a file to its place.
func (p *placer) place(at staged, name string) error {
	staging, base := p.batch.staging[at.folder], path.Base(name)
	err := p.enter(name)
	if err == nil {
		if err = before("rename an item to where nothing is"); err == nil {
			err = staging.add(at.file(), p.open, base)
		}
		if err == nil {
			return nil
		}
		if !p.batch.options.NoReplace {
			if err = p.batch.twins.taken(name); err == nil {
				err = p.allow(at, name)
			}
		}
	}
	if err == nil {
		err = before("rename an item")
	}
	if err == nil {
		err = staging.move(at.file(), p.open, base)
	}
	if err != nil {
		return errors.Join(err, p.batch.root.Remove(p.batch.path(at)))
	}
	return nil
}

// enter opens the folder of a name, and makes it if it does not exist.
func (p *placer) enter(name string) error {
	if disk.Unfinished(name) || !fs.ValidPath(name) || name == "." {
		return errors.New("no file may have such a name")
	}
	folder := path.Dir(name)
	if p.open != nil && p.at == folder {
		return nil
	}
	if err := p.leave(); err != nil {
		return err
	}
	if !p.folders[folder] {
		if err := attempt("make the folders", func() error { return p.batch.root.MkdirAll(folder, 0o777) }); err != nil {
			return err
		}
	}
	for above := folder; !p.folders[above]; above = path.Dir(above) {
		p.folders[above] = true // those above may be new as well
	}
	open, err := openDir(p.batch.root, folder)
	if err != nil {
		return err
	}
	p.at, p.open = folder, open
	return nil
}

// leave closes the folder that is open.
func (p *placer) leave() error {
	if p.open == nil {
		return nil
	}
	err := p.open.close()
	p.open = nil
	return err
}

// allow refuses a place where anything but a regular file is.
func (p *placer) allow(at staged, name string) error {
	kind, there := p.open.look(path.Base(name))
	if there && kind&fs.ModeSymlink != 0 {
		info, err := p.batch.root.Stat(name)
		if there = err == nil; there { // else it leads nowhere, and is replaced
			kind = info.Mode()
		}
	}
	if !there {
		return nil
	}
	if !kind.IsRegular() {
		return errors.New("it is there, and is not a regular file")
	}
	// Who may read the file does not change with its content.
	mode := kind.Perm()
	if at.executable {
		mode = executable(mode)
	}
	return attempt("keep its mode", func() error { return p.batch.root.Chmod(p.batch.path(at), mode) })
}

// syncFolders makes the renames in folders durable.
func (b *Batch) syncFolders(folders map[string]bool) error {
	if len(folders) > fewFolders {
		whole := false
		err := attempt("sync the folders", func() (err error) {
			whole, err = syncAll(b.staging[0])
			return err
		})
		if whole || err != nil {
			return err
		}
	}
	var failed error
	for folder := range folders {
		failed = errors.Join(failed, syncFolder(b.root, folder))
	}
	return failed
}
