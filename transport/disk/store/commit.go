package store

import (
	"context"
	"fmt"
	"os"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// The files of a batch are placed in rounds. A file belongs to the round that fills when the file
// has been written. A round is placed when it has enough files, or when a Commit waits for it.
// Since a Commit waits for no later round, it ends however many items come meanwhile. Commits that
// wait at the same time share a round.

// Commit returns when the items are in their places, durably, over any regular file there, in
// folders that are made as they are needed. An item of 0 bytes need not have come. The error is a
// [transport.Misplaced] of the items that are not there. After a failure that concerns all items,
// such as a failed sync, the batch places no more. Commit does not end with ctx: it waits for the
// disk alone.
func (b *Batch) Commit(_ context.Context, items ...roles.Placement) error {
	misplaced := transport.Misplaced{}
	for _, item := range items {
		if err := b.commitEmpty(item); err != nil {
			misplaced[item.Item] = err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.await()
	for _, item := range items {
		if misplaced[item.Item] != nil {
			continue
		}
		if err := b.missing(item.Item); err != nil {
			misplaced[item.Item] = err
		}
	}
	if len(misplaced) == 0 {
		return nil
	}
	return misplaced
}

// commitEmpty adds an item of 0 bytes, of which no group comes.
func (b *Batch) commitEmpty(item roles.Placement) error {
	if err := b.knows(item.Item); err != nil || item.Size > 0 {
		return err
	}
	return b.take(item.Item, nil, item.Attributes)
}

// begin numbers a file that is about to be written.
func (b *Batch) begin(at spot) (file staged, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return file, os.ErrClosed
	case b.failed != nil:
		return file, b.failed
	}
	b.writing++
	b.begun++
	return staged{spot: at, number: b.begun, folder: b.round%2*perRound + b.begun%perRound}, nil
}

// wrote adds a file to the round that fills, unless it could not be written.
func (b *Batch) wrote(at staged, err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writing--
	b.changed.Broadcast()
	if err != nil {
		return fmt.Errorf("%s: %w", b.place(at.spot), disk.Reason(err))
	}
	b.staged = append(b.staged, at)
	b.start()
	return b.failed
}

// await waits until all files that have come are placed. The caller holds the mutex.
func (b *Batch) await() {
	last := b.round
	if len(b.staged) == 0 {
		last--
	}
	b.wanted = max(b.wanted, last)
	b.start()
	for b.over < last && b.failed == nil {
		b.changed.Wait()
	}
}

// start starts the placer if a round is due. The caller holds the mutex.
func (b *Batch) start() {
	if b.due() && !b.placing {
		b.placing = true
		go b.placeRounds()
	}
}

// due reports whether the round that fills is to be placed. The caller holds the mutex.
func (b *Batch) due() bool {
	return b.failed == nil && (b.wanted >= b.round || len(b.staged) >= enough && !b.closed)
}

// placeRounds is the placer: it places rounds as long as one is due.
func (b *Batch) placeRounds() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.due() {
		files := b.staged
		b.staged = nil
		b.round++
		b.mu.Unlock()
		misplaced, err := b.placeAll(files)
		b.mu.Lock()
		b.note(files, misplaced, err)
		b.over++
		b.changed.Broadcast()
	}
	b.placing = false
	b.changed.Broadcast()
}

// note records the result of a round. The caller holds the mutex.
func (b *Batch) note(files []staged, misplaced map[spot]error, err error) {
	if err != nil {
		b.failed = fmt.Errorf("%s: %w", b.root.Name(), disk.Reason(err))
		return
	}
	for _, at := range files {
		if err := misplaced[at.spot]; err != nil {
			b.misplaced[at.item] = fmt.Errorf("%s: %w", b.place(at.spot), disk.Reason(err))
		} else {
			b.placed[at.spot] = true
		}
	}
}

// missing returns the reason why an item is not in its places, or nil. The caller holds the mutex.
func (b *Batch) missing(item int) error {
	for name := range b.names[item] {
		switch {
		case b.placed[spot{item, name}]:
		case b.misplaced[item] != nil:
			return b.misplaced[item]
		case b.failed != nil:
			return b.failed
		default:
			return fmt.Errorf("%s: it has not come", b.place(spot{item, name}))
		}
	}
	return nil
}
