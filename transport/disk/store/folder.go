package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Folder is a [transport.Store] for many items under one root. An item that is opened is a [Part], of which an interrupted
// try leaves what has come; one that is not goes through a [Batch]. The content of an item stands under all its names.
type Folder struct {
	root  *os.Root
	names [][]string
	learn Learn // nil: nobody asks

	mu    sync.Mutex
	batch *Batch // nil: not needed yet
	parts map[int]*Part
}

// Learn is called with a content that a Commit has put under a name: its hash, the chaining values of its groups, and
// the file's modification time in nanoseconds.
type Learn func(name string, hash protocol.Hash, values []protocol.Hash, modified int64)

// NewFolder returns a Folder: item i goes to each of the slash-separated names names[i] under root, which belongs to the
// caller. Learn may be nil.
func NewFolder(root *os.Root, names [][]string, learn Learn) *Folder {
	return &Folder{root: root, names: names, learn: learn, parts: map[int]*Part{}}
}

// part returns the part of an item, and makes it if need be.
func (f *Folder) part(item int) (*Part, error) {
	if item < 0 || item >= len(f.names) || len(f.names[item]) == 0 {
		return nil, fmt.Errorf("item %d is none of these %d", item, len(f.names))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.parts[item] == nil {
		f.parts[item] = NewPart(f.root, f.names[item][0])
		f.parts[item].OnCommit(f.learn)
	}
	return f.parts[item], nil
}

// Holds implements [transport.Store].
func (f *Folder) Holds(ctx context.Context, item roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	part, err := f.part(item.Item)
	if err != nil {
		return hash, 0, err
	}
	return part.Holds(ctx, item)
}

// Open implements [transport.Store].
func (f *Folder) Open(ctx context.Context, want roles.OpenStore, checking func(done, size uint64)) (has roles.Groups, other bool, err error) {
	part, err := f.part(want.Item)
	if err != nil {
		return nil, false, err
	}
	return part.Open(ctx, want, checking)
}

// Receive implements [transport.Store].
func (f *Folder) Receive(item int, offset uint64) (transport.Sink, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if part := f.parts[item]; part != nil {
		return part.Receive(item, offset)
	}
	if err := f.openBatch(); err != nil {
		return nil, err
	}
	return f.batch.Receive(item, offset)
}

// openBatch makes the batch if need be; with the mutex held.
func (f *Folder) openBatch() (err error) {
	if f.batch == nil {
		f.batch, err = NewBatch(f.root, f.names)
	}
	return err
}

// Release implements [transport.Store].
func (f *Folder) Release(item int) {
	f.mu.Lock()
	part := f.parts[item]
	delete(f.parts, item)
	f.mu.Unlock()
	if part != nil {
		part.Close()
	}
}

// Commit implements [transport.Store].
func (f *Folder) Commit(ctx context.Context, items ...roles.Placement) error {
	var batched []roles.Placement
	lost := transport.Misplaced{}
	for _, item := range items {
		f.mu.Lock()
		part := f.parts[item.Item]
		delete(f.parts, item.Item)
		f.mu.Unlock()
		if part == nil {
			batched = append(batched, item)
			continue
		}
		if err := f.commitPart(ctx, part, f.names[item.Item]); err != nil {
			lost[item.Item] = err
		}
	}
	if err := f.commitBatch(ctx, batched, lost); err != nil {
		return err
	}
	if len(lost) == 0 {
		return nil
	}
	return lost
}

// commitBatch commits items that were not opened, and adds those that could not be put in their places.
func (f *Folder) commitBatch(ctx context.Context, items []roles.Placement, lost transport.Misplaced) error {
	if len(items) == 0 {
		return nil
	}
	f.mu.Lock()
	err := f.openBatch()
	batch := f.batch
	f.mu.Unlock()
	if err == nil {
		err = batch.Commit(ctx, items...)
	}
	var some transport.Misplaced
	if err != nil && !errors.As(err, &some) {
		some = transport.Misplaced{}
		for _, item := range items {
			some[item.Item] = err
		}
	}
	for item, err := range some {
		lost[item] = err
	}
	return nil
}

// commitPart commits a part under its first name, and copies it to the others.
func (f *Folder) commitPart(ctx context.Context, part *Part, names []string) error {
	if err := errors.Join(part.Commit(ctx), part.Close()); err != nil {
		return err
	}
	for _, name := range names[1:] {
		if err := f.copy(names[0], name); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(f.root.Name(), filepath.FromSlash(name)), disk.Reason(err))
		}
	}
	return nil
}

// copy puts the content of one name under another one, durably. A copy that is cut off leaves a part without a journal,
// which the next try begins anew.
func (f *Folder) copy(from, to string) error {
	if folder := path.Dir(to); folder != "." {
		if err := f.root.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	if info, err := f.root.Lstat(to); err == nil && !info.Mode().IsRegular() {
		return inTheWay(to)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	source, err := f.root.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	beside := disk.Beside(to, disk.PartSuffix)
	before("copy a file")
	file, err := f.root.Create(beside)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, source)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, f.root.Remove(beside))
	}
	before("rename the copy")
	if err := f.root.Rename(beside, to); err != nil {
		return err
	}
	return syncFolder(f.root, path.Dir(to))
}

// Close ends the Folder. Parts that are not whole stay for another try; nothing else that was not committed does.
func (f *Folder) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	for item, part := range f.parts {
		err = errors.Join(err, part.Close())
		delete(f.parts, item)
	}
	if f.batch != nil {
		err = errors.Join(err, f.batch.Close())
		f.batch = nil
	}
	return err
}
