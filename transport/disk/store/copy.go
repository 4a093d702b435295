package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// copy puts a content that stands under one name under another one. It goes through a Part: so the
// place is locked, each group is hashed, and another try goes on with a copy that was cut off.
func (f *Folder) copy(ctx context.Context, want roles.OpenStore, item roles.Placement, from, to string) error {
	part := f.newPart(to)
	has, _, err := part.Open(ctx, want, func(done, size uint64) {})
	if err == nil && has.Count() < protocol.Groups(want.Size) {
		err = f.fill(ctx, part, want, item, has, from)
	}
	if err == nil {
		err = part.Commit(ctx, item)
	}
	return errors.Join(err, part.Close())
}

// fill reads the groups that a part lacks from a file. If the file has changed, the part's Commit
// finds that.
func (f *Folder) fill(ctx context.Context, part *Part, want roles.OpenStore, item roles.Placement, has roles.Groups, from string) error {
	source, err := obtain("open a file to copy it", func() (*os.File, error) { return f.root.Open(from) })
	if err != nil {
		return f.unread(from, err)
	}
	defer source.Close()
	if has.Count() == 0 && part.clone(ctx, source) == nil {
		return nil
	}
	sink, err := part.Receive(want.Item, 0, item.Attributes)
	if err != nil {
		return err
	}
	page := pages.Get().(*[protocol.GroupSize]byte)
	defer pages.Put(page)
	for number := range protocol.Groups(want.Size) {
		if has.Has(number) {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		at := number * protocol.GroupSize
		data := page[:min(want.Size-at, protocol.GroupSize)]
		if _, err := obtain("read a group to copy it", func() (int, error) { return source.ReadAt(data, int64(at)) }); err != nil {
			return f.unread(from, err)
		}
		value := content.ChainingValue(number, data, want.Size <= protocol.GroupSize)
		if err := sink(number, value, data); err != nil {
			return err
		}
	}
	return nil
}

// clone has a part share the disk space of a file, where the file system can do that, and hashes
// its groups.
func (p *Part) clone(ctx context.Context, source *os.File) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := attempt("share the space of a file", func() error { return share(p.slots.file, source) }); err != nil {
		return err
	}
	all := func(uint64) bool { return true }
	values := make(map[uint64]protocol.Hash)
	_, err := hashGroups(ctx, p.slots.file, p.size, protocol.Groups(p.size), all, func(number uint64, value protocol.Hash) { values[number] = value })
	if err != nil {
		return err
	}
	return p.slots.claim(int64(p.size), values)
}

// unread returns the error of reading a file, with its path as the user calls it.
func (f *Folder) unread(name string, err error) error {
	return fmt.Errorf("%s: %w", filepath.Join(f.root.Name(), filepath.FromSlash(name)), disk.Reason(err))
}
