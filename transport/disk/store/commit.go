package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// fewFolders is the number of folders that are synced one by one; for more, syncing the whole file
// system is cheaper.
const fewFolders = 8

// Commit returns when every item that has come is in its places, durably, over any regular file there, in folders that
// are made as they are needed. An item of 0 bytes needs not have come. An item that cannot be put there is dropped, and
// returned as [transport.Misplaced], by default with those of all earlier commits. Any other error concerns all items:
// which of them are in place is not known. Others may come meanwhile. Commit waits for the disk alone, not for ctx.
func (b *Batch) Commit(_ context.Context, items ...roles.Placement) error {
	for _, item := range items {
		if item.Size == 0 {
			if err := b.take(item.Item, nil); err != nil {
				return err
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.await()
	if len(b.staged) > 0 {
		b.begin()
		b.await()
	}
	if b.failed != nil {
		return b.failed
	}
	return b.lost(items)
}

// lost returns the items that could not be put in their places, of all if none is named; with the mutex held.
func (b *Batch) lost(items []roles.Placement) error {
	lost := transport.Misplaced{}
	for _, item := range items {
		if err := b.misplaced[item.Item]; err != nil {
			lost[item.Item] = err
		}
	}
	if len(items) == 0 {
		lost = b.misplaced
	}
	if len(lost) == 0 {
		return nil
	}
	return lost
}

// commit puts files in their places.
func (b *Batch) commit(items []staged) {
	misplaced, err := b.placeAll(items)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy = false
	maps.Copy(b.misplaced, misplaced)
	if err != nil {
		b.failed = fmt.Errorf("%s: %w", b.root.Name(), disk.Reason(err))
	}
	b.free.Broadcast()
}

func (b *Batch) placeAll(items []staged) (misplaced transport.Misplaced, err error) {
	if len(items) == 0 {
		return nil, nil
	}
	if err := b.flush(items); err != nil {
		return nil, err
	}
	p, misplaced := placer{batch: b, folders: map[string]bool{}}, transport.Misplaced{}
	for _, at := range items {
		if err := p.place(at, path.Clean(b.name(at))); err != nil {
			misplaced[at.item] = fmt.Errorf("%s: %w", b.place(at), disk.Reason(err))
		}
	}
	return misplaced, errors.Join(p.leave(), b.syncFolders(p.folders))
}

// flush makes the items' bytes durable.
func (b *Batch) flush(items []staged) error {
	before("sync the items")
	if done, err := b.staging[0].syncAll(); done {
		return err
	}
	for _, at := range items {
		file, err := b.root.OpenFile(b.path(at), os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// placer moves items to their places. It keeps the folder open as long as items go there.
type placer struct {
	batch   *Batch
	folders map[string]bool // that have changed
	at      string          // the folder that is open
	open    *dir            // nil: none
}

// place moves an item to its place.
func (p *placer) place(at staged, name string) error {
	staging, base := p.batch.staging[at.staging], path.Base(name)
	err := p.enter(name)
	if err == nil {
		before("rename an item to where nothing is")
		if staging.add(at.file(), p.open, base) {
			return nil
		}
		err = p.allow(at, name)
	}
	if err == nil {
		before("rename an item")
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
		if err := p.batch.root.MkdirAll(folder, 0o777); err != nil {
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
	return p.batch.root.Chmod(p.batch.path(at), kind.Perm())
}

// syncFolders makes the renames in folders durable.
func (b *Batch) syncFolders(folders map[string]bool) error {
	if len(folders) > fewFolders {
		before("sync the folders")
		if done, err := b.staging[0].syncAll(); done {
			return err
		}
	}
	var failed error
	for folder := range folders {
		failed = errors.Join(failed, syncFolder(b.root, folder))
	}
	return failed
}
