package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Commit puts the content in its place, durably, over any regular file of that name, once all its
// groups have come; and ends the Part. If it fails, the groups stay for another try, unless they
// are not the content, or a sync has failed: then the system may have lost them, and it may not say
// so again. ctx ends only the wait for [Options.Learn].
func (p *Part) Commit(ctx context.Context, items ...roles.Placement) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.journal == nil || p.slots == nil && !p.placed {
		return p.wrap(errors.New("it has not been fetched"))
	}
	var about protocol.Attributes
	for _, item := range items {
		about = p.options.heed(item.Attributes)
	}
	if err := p.place(ctx, about); err != nil {
		return p.wrap(err)
	}
	p.drop()
	err := p.journal.remove()
	p.journal = nil
	return p.wrap(err)
}

// Release implements [transport.Store]. The caller closes the Part.
func (p *Part) Release(int) {}

// place puts the part in its place, durably. The journal is removed only after that: if a crash
// loses the removal, the journal is an orphan and is ignored.
func (p *Part) place(ctx context.Context, about protocol.Attributes) error {
	if p.placed { // an earlier try may have been cut off before the folders were durable
		p.renew(about)
		return p.syncFolders()
	}
	values, err := p.prove()
	if err != nil {
		return err
	}
	adopt(p.slots.file, about)
	if err := attempt("sync the part", p.slots.file.Sync); err != nil {
		return errors.Join(err, p.discard())
	}
	info, err := obtain("look at the part", p.slots.file.Stat)
	if err != nil {
		return err
	}
	modified := info.ModTime().UnixNano()
	if p.options.Learn != nil {
		if err := sleep(ctx, disk.RacyFor(modified, time.Now())); err != nil {
			return err
		}
	}
	if err := p.rename(); err != nil {
		return err
	}
	p.placed = true
	if err := p.syncFolders(); err != nil {
		return err
	}
	if p.options.Learn != nil {
		p.options.Learn(p.name, p.hash, values, modified)
	}
	return nil
}

// renew gives a file that was in its place already the attributes, unless it is somebody else's.
func (p *Part) renew(about protocol.Attributes) {
	if p.options.NoReplace || about == (protocol.Attributes{}) {
		return
	}
	if file, err := p.root.Open(p.name); err == nil {
		adopt(file, about)
		file.Close()
	}
}

// rename moves the part to its place. A place that has been taken, and may not be replaced, leaves
// the part without a use.
func (p *Part) rename() error {
	if !p.options.NoReplace {
		return attempt("rename the part", func() error { return p.root.Rename(p.partName(), p.name) })
	}
	folder, err := openDir(p.root, path.Dir(path.Clean(p.name)))
	if err != nil {
		return err
	}
	if err = before("rename the part to where nothing is"); err == nil {
		err = folder.add(path.Base(p.partName()), folder, path.Base(p.name))
	}
	if err == ErrTaken {
		err = errors.Join(err, p.discard())
	}
	return errors.Join(err, folder.close())
}

// syncFolders makes the rename durable, and the folders that were made for it. If it fails, the file
// stays, for its bytes are durable, and the next try syncs the folders again. That proves something, as
// it would not for bytes: a system drops the bytes that it could not write, and may call the next sync
// of them a success, but a name that its file system could not write stops that file system.
func (p *Part) syncFolders() error {
	for folder := path.Dir(path.Clean(p.name)); ; folder = path.Dir(folder) {
		if err := syncFolder(p.root, folder); err != nil {
			return errors.Join(err, p.discard())
		}
		if folder == "." {
			return nil
		}
	}
}

// sleep waits, unless ctx is done before.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// prove makes sure that the part is exactly the content, and returns the values of its groups.
func (p *Part) prove() (values []protocol.Hash, err error) {
	groups := protocol.Groups(p.size)
	if !p.slots.complete(groups) {
		return nil, errors.New("not all of it is there")
	}
	if values, err = p.journal.claims(groups); err != nil {
		return nil, err
	}
	if uint64(len(values)) != groups || !proves(values, p.hash) {
		return nil, errors.Join(errors.New("what lay there of an earlier try was not what it said; it has been dropped"), p.discard())
	}
	info, err := obtain("measure the part", p.slots.file.Stat)
	if err == nil && uint64(info.Size()) > p.size {
		if err = before("cut the part"); err == nil {
			err = p.slots.file.Truncate(int64(p.size))
		}
	}
	return values, err
}

// proves reports whether a content with these groups has that hash.
func proves(values []protocol.Hash, hash protocol.Hash) bool {
	built, _ := content.Build(values)
	return built == hash
}

// Close ends the Part and leaves its groups for the next one. It leaves nothing if there are none.
func (p *Part) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.journal == nil {
		return nil
	}
	if p.placed || p.slots != nil && p.slots.complete(0) {
		return p.wrap(p.discard())
	}
	p.drop()
	err := p.journal.close()
	p.journal = nil
	return p.wrap(err)
}

// Discard ends the Part and leaves nothing behind.
func (p *Part) Discard() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.journal == nil {
		return nil
	}
	return p.wrap(p.discard())
}

func (p *Part) discard() error {
	p.drop()
	err := errors.Join(p.removePart(), p.journal.remove())
	p.journal = nil
	return err
}

// drop closes the part file.
func (p *Part) drop() {
	if p.slots != nil {
		p.slots.close()
	}
	p.slots, p.placed = nil, false
}

func (p *Part) removePart() error {
	if there, err := p.root.Lstat(p.partName()); err == nil && there.IsDir() {
		return inTheWay(p.partName())
	}
	if err := attempt("remove the part", func() error { return p.root.Remove(p.partName()) }); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder makes a rename durable.
func syncFolder(root *os.Root, folder string) error {
	dir, err := obtain("open the folder", func() (*os.File, error) { return root.Open(filepath.FromSlash(folder)) })
	if err != nil {
		return err
	}
	return errors.Join(attempt("sync the folder", dir.Sync), dir.Close())
}
