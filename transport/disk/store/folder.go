package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// Folder is a [transport.Store] for many items under one root. An item that is opened is a [Part],
// whose groups stay for another try. One that is not opened, of one chunk group at most, goes
// through a [Batch]. Commit puts the content of an item under all its names.
type Folder struct {
	root    *os.Root
	names   [][]string // by item
	options Options
	twins   *twins // among these names

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // that are under way; each began before it was closed
	batch  *Batch         // nil: not needed yet
	parts  map[int]*Part  // of the items that are open
}

// NewFolder returns a Folder: item i goes to each of the slash-separated names names[i] under root.
// No two items share a name. The caller keeps the root and closes it. Learn is called for the names
// of items that were opened. On a disk that does not tell upper from lower case no item takes the
// place of another one.
func NewFolder(root *os.Root, names [][]string, options Options) *Folder {
	return &Folder{root: root, names: names, options: options, twins: newTwins(root, names, nil), parts: map[int]*Part{}}
}

// Beside names files that are in their places already: on a disk that does not tell upper from
// lower case no item takes their place either. It must come before anything else.
func (f *Folder) Beside(there []string) { f.twins = newTwins(f.root, f.names, there) }

// enter counts a call in; calls.Done counts it out.
func (f *Folder) enter() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return os.ErrClosed
	}
	f.calls.Add(1)
	return nil
}

// newPart returns a part for one of an item's names.
func (f *Folder) newPart(name string) *Part {
	part := NewPart(f.root, name)
	part.Use(f.options)
	return part
}

func (f *Folder) knows(item int) error {
	if item < 0 || item >= len(f.names) || len(f.names[item]) == 0 {
		return fmt.Errorf("item %d is none of these %d", item, len(f.names))
	}
	return nil
}

// Holds implements [transport.Store].
func (f *Folder) Holds(ctx context.Context, item roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	if err := f.knows(item.Item); err != nil {
		return hash, 0, err
	}
	return NewPart(f.root, f.names[item.Item][0]).Holds(ctx, item)
}

// Open implements [transport.Store]. What comes lies beside the first name that can have it.
func (f *Folder) Open(ctx context.Context, want roles.OpenStore, checking func(done, size uint64)) (has roles.Groups, other bool, err error) {
	if err := f.knows(want.Item); err != nil {
		return nil, false, err
	}
	if err := f.enter(); err != nil {
		return nil, false, err
	}
	defer f.calls.Done()
	f.mu.Lock()
	part := f.parts[want.Item]
	f.mu.Unlock()
	if part != nil {
		return part.Open(ctx, want, checking)
	}
	var failed error
	for _, name := range f.names[want.Item] {
		part = f.newPart(name)
		if has, other, err = part.Open(ctx, want, checking); err == nil {
			f.keep(want.Item, part)
			return has, other, nil
		}
		failed = cmp.Or(failed, err)
		part.Close()
		if ctx.Err() != nil {
			break
		}
	}
	return nil, false, failed
}

// keep has the groups of an item go to a part.
func (f *Folder) keep(item int, part *Part) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.parts[item] = part
}

// Receive implements [transport.Store].
func (f *Folder) Receive(item int, offset uint64, about protocol.Attributes) (transport.Sink, error) {
	f.mu.Lock()
	part := f.parts[item]
	f.mu.Unlock()
	if part != nil {
		return part.Receive(item, offset, about)
	}
	batch, err := f.batched()
	if err != nil {
		return nil, err
	}
	return batch.Receive(item, offset, about)
}

// batched returns the batch, and makes it if need be.
func (f *Folder) batched() (batch *Batch, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, os.ErrClosed
	}
	if f.batch == nil {
		f.batch, err = NewBatch(f.root, f.names, f.options)
		if err == nil {
			f.batch.twins = f.twins
		}
	}
	return f.batch, err
}

// take returns the part of an item, and forgets it; nil: the item is not open.
func (f *Folder) take(item int) *Part {
	f.mu.Lock()
	defer f.mu.Unlock()
	part := f.parts[item]
	delete(f.parts, item)
	return part
}

// Release implements [transport.Store].
func (f *Folder) Release(item int) {
	if f.enter() != nil {
		return
	}
	defer f.calls.Done()
	if part := f.take(item); part != nil {
		part.Close()
	}
}

// Commit implements [transport.Store]. It closes the items, also those that it cannot put in their
// places.
func (f *Folder) Commit(ctx context.Context, items ...roles.Placement) error {
	if err := f.enter(); err != nil {
		return err
	}
	defer f.calls.Done()
	misplaced := transport.Misplaced{}
	var batched []roles.Placement
	for _, item := range items {
		part := f.take(item.Item)
		if part == nil {
			batched = append(batched, item)
		} else if err := f.commitPart(ctx, part, item); err != nil {
			misplaced[item.Item] = err
		}
	}
	maps.Copy(misplaced, f.commitBatch(ctx, batched))
	if len(misplaced) == 0 {
		return nil
	}
	return misplaced
}

// commitBatch commits items that were not opened, and returns those that are not in their places.
func (f *Folder) commitBatch(ctx context.Context, items []roles.Placement) transport.Misplaced {
	if len(items) == 0 {
		return nil
	}
	misplaced := transport.Misplaced{}
	batch, err := f.batched()
	if err == nil {
		err = batch.Commit(ctx, items...)
	}
	if err != nil && !errors.As(err, &misplaced) {
		for _, item := range items {
			misplaced[item.Item] = err
		}
	}
	return misplaced
}

// commitPart commits a part under the name that it has, and copies it to the item's other names. A name
// that cannot have it does not keep the others from it.
func (f *Folder) commitPart(ctx context.Context, part *Part, item roles.Placement) error {
	want := part.wanted()
	err := f.put(part.name, func() error { return part.Commit(ctx, item) })
	if twin := (*twinError)(nil); errors.As(err, &twin) {
		return errors.Join(part.wrap(err), part.Discard())
	}
	if err := errors.Join(err, part.Close()); err != nil {
		return err
	}
	var failed error
	for _, name := range f.names[item.Item] {
		if name != part.name {
			err := f.put(name, func() error { return f.copy(ctx, want, item, part.name, name) })
			if twin := (*twinError)(nil); errors.As(err, &twin) {
				err = f.newPart(name).wrap(err)
			}
			failed = cmp.Or(failed, err)
		}
	}
	return failed
}

// put has a file put under a name, unless one that came under another name lies there.
func (f *Folder) put(name string, place func() error) error {
	return f.twins.put(name, func() error {
		if err := f.twins.taken(name); err != nil {
			return err
		}
		return place()
	})
}

// Close ends the Folder, after the calls that are under way. The groups of parts stay for another
// try; other items that have not been committed do not. Closing again does nothing.
func (f *Folder) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.calls.Wait()
	f.mu.Lock()
	parts, batch := f.parts, f.batch
	f.parts, f.batch = nil, nil
	f.mu.Unlock()
	var failed error
	for _, part := range parts {
		failed = errors.Join(failed, part.Close())
	}
	if batch != nil {
		failed = errors.Join(failed, batch.Close())
	}
	return failed
}
