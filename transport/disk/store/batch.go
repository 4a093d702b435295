package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Batch is a [transport.Store] for many small items, files of one chunk group at most. Items gather
// in staging folders under the root, and move to their places many at once: to make a thousand
// files durable costs hardly more than to make one so. The first move while others come; Commit
// moves the rest. An item is written only after it is verified.
type Batch struct {
	root    *os.Root
	names   []string
	folder  string   // where items gather
	locked  *os.File // that, with the lock
	staging [2]*dir  // in it

	mu        sync.Mutex
	staged    []staged
	filling   int            // where items gather
	committer sync.WaitGroup // one at most
	busy      bool           // it is at work
	misplaced []Misplaced
	failed    error
}

// staged is an item in a staging folder, under its number. There are two folders, so that the
// committer empties one while the other fills: the system does the changes of one folder one after
// the other.
type staged struct{ item, staging int }

func (s staged) name() string { return strconv.Itoa(s.item) }

// path returns the path of a staged item under the root.
func (b *Batch) path(at staged) string {
	return b.folder + "/" + strconv.Itoa(at.staging) + "/" + at.name()
}

// enough is the number of items that are committed while others come.
const enough = 1000

// NewBatch returns a Batch for files under root: item i goes to the slash-separated name names[i].
// The caller keeps the root and closes it. NewBatch removes the folders of batches whose processes
// were killed.
func NewBatch(root *os.Root, names []string) (*Batch, error) {
	sweep(root)
	b := &Batch{root: root, names: names}
	err := b.open()
	for try := 0; try < mostOpens && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, errBusy)); try++ {
		err = b.open() // another batch took the folder for one left behind, before it was locked
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", root.Name(), disk.Reason(err))
	}
	return b, nil
}

// mostOpens bounds the attempts to make a batch's folder.
const mostOpens = 16

// open makes the batch's folder and locks it, so that no other process takes it for a leftover.
func (b *Batch) open() error {
	var mark [8]byte
	rand.Read(mark[:])
	b.folder = disk.BatchPrefix + hex.EncodeToString(mark[:])
	before("make the batch's folder")
	if err := b.root.Mkdir(b.folder, 0o777); err != nil {
		return err
	}
	var err error
	if b.locked, err = b.root.Open(b.folder); err != nil {
		return err
	}
	if err := lock(b.locked); err != nil {
		return errors.Join(err, b.locked.Close())
	}
	if err := b.openStaging(); err != nil {
		return errors.Join(err, b.closeStaging(), b.locked.Close())
	}
	return nil
}

func (b *Batch) openStaging() (err error) {
	for i := range b.staging {
		name := b.folder + "/" + strconv.Itoa(i)
		before("make a staging folder")
		if err := b.root.Mkdir(name, 0o777); err != nil {
			return err
		}
		if b.staging[i], err = openDir(b.root, name); err != nil {
			return err
		}
	}
	return nil
}

func (b *Batch) closeStaging() (err error) {
	for i, staging := range b.staging {
		if staging != nil {
			err = errors.Join(err, staging.close())
		}
		b.staging[i] = nil
	}
	return err
}

// sweep removes the folders of batches whose processes are gone.
func sweep(root *os.Root) {
	top, err := root.Open(".")
	if err != nil {
		return
	}
	defer top.Close()
	for {
		entries, err := top.ReadDir(256)
		for _, entry := range entries {
			if entry.IsDir() && strings.HasPrefix(entry.Name(), disk.BatchPrefix) {
				removeLeft(root, entry.Name())
			}
		}
		if err != nil {
			return
		}
	}
}

func removeLeft(root *os.Root, folder string) {
	left, err := root.Open(folder)
	if err != nil {
		return
	}
	defer left.Close()
	if lock(left) == nil {
		root.RemoveAll(folder)
	}
}

// Open implements [transport.Store]. A batch holds nothing of an item before it comes.
func (b *Batch) Open(context.Context, roles.OpenStore, func(done, size uint64)) (roles.Groups, bool, error) {
	return nil, false, nil
}

// Receive implements [transport.Store].
func (b *Batch) Receive(item int, offset uint64) (transport.Sink, error) {
	if item < 0 || item >= len(b.names) || offset != 0 {
		return nil, fmt.Errorf("item %d at %d is none of this batch of %d", item, offset, len(b.names))
	}
	return func(_ uint64, _ protocol.Hash, data []byte) error { return b.take(item, data) }, nil
}

// Empty adds an item without content, of which no group comes.
func (b *Batch) Empty(item int) error { return b.take(item, nil) }

// take writes an item to a staging folder.
func (b *Batch) take(item int, data []byte) error {
	b.mu.Lock()
	at := staged{item, b.filling}
	b.mu.Unlock()
	before("write an item")
	if err := b.staging[at.staging].write(at.name(), data); err != nil {
		return fmt.Errorf("%s: %w", b.place(item), disk.Reason(err))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.staged = append(b.staged, at)
	if len(b.staged) >= enough && !b.busy {
		items := b.handOver()
		b.busy = true
		b.committer.Go(func() { b.commit(items) })
	}
	return b.failed
}

// place returns the path of an item's place, as the user calls it.
func (b *Batch) place(item int) string {
	return filepath.Join(b.root.Name(), filepath.FromSlash(b.names[item]))
}

// handOver returns the staged items and switches the staging folder. The caller holds the mutex.
func (b *Batch) handOver() []staged {
	items := b.staged
	b.staged, b.filling = nil, 1-b.filling
	return items
}

// Close ends the batch and removes the items that have not been committed. Closing again does
// nothing.
func (b *Batch) Close() error {
	b.committer.Wait()
	before("remove the batch's folder")
	err := errors.Join(b.closeStaging(), b.root.RemoveAll(b.folder), b.locked.Close())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrClosed) { // closed before
		return nil
	}
	return err
}
