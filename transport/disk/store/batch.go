package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Batch is a [transport.Store] for many small items, files of one chunk group at most. Items gather
// in staging folders under the root, and move to their places many at once: to make a thousand
// files durable costs hardly more than to make one so. The first move while others come; Commit
// waits for the items that it names. An item is written only after it is verified. It may come
// several times at once.
type Batch struct {
	root    *os.Root
	names   [][]string // by item
	options Options
	twins   *twins             // among these names
	folder  string             // where items gather
	locked  *os.File           // that, with the lock
	staging [2 * perRound]*dir // in it

	mu        sync.Mutex
	changed   *sync.Cond // signals that a file is written or a round is over
	writing   int        // files that are being written
	begun     int        // files so far, which numbers them
	staged    []staged   // the files of the round that fills
	round     int        // that one's number
	wanted    int        // the last round that a Commit waits for
	over      int        // rounds that are over
	placing   bool       // the placer is at work
	placed    map[spot]bool
	misplaced map[int]error // by item; it counts as long as one of the item's spots is not placed
	failed    error         // no file is placed any more, and none is written
	closed    bool
}

// spot is one of an item's names.
type spot struct{ item, name int }

// staged is a file in a staging folder, with the content of a spot. No two files share a number, so
// that an item which comes again does not change a file that is being placed. The system does the
// changes of one folder one after the other: so several links fill the perRound folders of a round,
// and the placer empties those of the round before.
type staged struct {
	spot
	number     int
	folder     int // the staging folder
	executable bool
}

func (s staged) file() string { return strconv.Itoa(s.number) }

// path returns the path of a staged file under the root.
func (b *Batch) path(at staged) string {
	return b.folder + "/" + strconv.Itoa(at.folder) + "/" + at.file()
}

// perRound is the number of staging folders of a round. With one, several links at once make fewer
// files a second, by a fifth.
const perRound = 4

// enough is the number of files that are placed while others come.
const enough = 1000

// NewBatch returns a Batch for files under root: item i goes to each of the slash-separated names
// names[i]. No two items share a name. The caller keeps the root and closes it. NewBatch removes
// the folders of batches whose processes were killed.
func NewBatch(root *os.Root, names [][]string, options Options) (*Batch, error) {
	sweep(root)
	b := &Batch{root: root, names: names, options: options, twins: newTwins(root, names, nil), round: 1, placed: map[spot]bool{}, misplaced: map[int]error{}}
	b.changed = sync.NewCond(&b.mu)
	if err := b.open(); err != nil {
		return nil, fmt.Errorf("%s: %w", root.Name(), disk.Reason(err))
	}
	return b, nil
}

// Holds implements [transport.Store]. A batch leaves nothing of an item for another try.
func (b *Batch) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

// Open implements [transport.Store]. A batch holds nothing of an item before it comes.
func (b *Batch) Open(context.Context, roles.OpenStore, func(done, size uint64)) (roles.Groups, bool, error) {
	return nil, false, nil
}

// Release implements [transport.Store]. A batch holds nothing open of an item.
func (b *Batch) Release(int) {}

// Receive implements [transport.Store].
func (b *Batch) Receive(item int, offset uint64, about protocol.Attributes) (transport.Sink, error) {
	if err := b.knows(item); err != nil {
		return nil, err
	}
	if offset != 0 {
		return nil, tooLarge(item)
	}
	return func(group uint64, _ protocol.Hash, data []byte) error {
		if group != 0 {
			return tooLarge(item)
		}
		return b.take(item, data, about)
	}, nil
}

func (b *Batch) knows(item int) error {
	if item < 0 || item >= len(b.names) {
		return fmt.Errorf("item %d is none of this batch of %d", item, len(b.names))
	}
	return nil
}

func tooLarge(item int) error { return fmt.Errorf("item %d has more than one group", item) }

// take writes an item to a staging folder, once for each of its names.
func (b *Batch) take(item int, data []byte, about protocol.Attributes) error {
	for name := range b.names[item] {
		at, err := b.begin(spot{item, name})
		if err != nil {
			return err
		}
		at.executable = about.Executable
		err = before("write an item")
		if err == nil {
			err = b.staging[at.folder].write(at.file(), data, b.options.heed(about))
		}
		if err := b.wrote(at, err); err != nil {
			return err
		}
	}
	return nil
}

// name returns the name of a spot.
func (b *Batch) name(at spot) string { return b.names[at.item][at.name] }

// place returns the path of a spot, as the user calls it.
func (b *Batch) place(at spot) string {
	return filepath.Join(b.root.Name(), filepath.FromSlash(b.name(at)))
}

// Close ends the batch, after the calls that are under way, and removes the items that have not
// been committed. Closing again does nothing.
func (b *Batch) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	for b.placing || b.writing > 0 {
		b.changed.Wait()
	}
	b.staged = nil
	b.mu.Unlock()
	err := before("remove the batch's folder")
	if err == nil {
		err = b.root.RemoveAll(b.folder)
	}
	return errors.Join(err, b.closeStaging(), b.locked.Close())
}
