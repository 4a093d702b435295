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
	names   [][]string // by item
	folder  string     // where items gather
	locked  *os.File   // that, with the lock
	staging [2]*dir    // in it

	mu        sync.Mutex
	staged    []staged
	filling   int        // the staging folder that items go to
	busy      bool       // a commit is under way
	free      *sync.Cond // signals that it is over
	misplaced transport.Misplaced
	failed    error
}

// staged is a file that has come, for one of an item's names. There are two staging folders: a commit empties one while
// the other fills, for the system serialises what happens in one folder.
type staged struct{ item, number, staging int }

func (s staged) file() string { return strconv.Itoa(s.item) + "." + strconv.Itoa(s.number) }

// path returns the path of a staged item under the root.
func (b *Batch) path(at staged) string {
	return b.folder + "/" + strconv.Itoa(at.staging) + "/" + at.file()
}

// enough is the number of items that are committed while others come.
const enough = 1000

// NewBatch returns a Batch for files under root: item i goes to each of the slash-separated names names[i]. The root
// belongs to the caller and is not closed. NewBatch removes the staging folders of batches that were killed.
func NewBatch(root *os.Root, names [][]string) (*Batch, error) {
	sweep(root)
	b := &Batch{root: root, names: names, misplaced: transport.Misplaced{}}
	b.free = sync.NewCond(&b.mu)
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

// Holds implements [transport.Store]: nothing of an item outlives its batch.
func (b *Batch) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

// Open implements [transport.Store]: there is nothing of an item before it comes.
func (b *Batch) Open(context.Context, roles.OpenStore, func(done, size uint64)) (roles.Groups, bool, error) {
	return nil, false, nil
}

// Release implements [transport.Store].
func (b *Batch) Release(int) {}

// Receive implements [transport.Store].
func (b *Batch) Receive(item int, offset uint64) (transport.Sink, error) {
	if item < 0 || item >= len(b.names) || offset != 0 {
		return nil, fmt.Errorf("item %d at %d is none of this batch of %d", item, offset, len(b.names))
	}
	return func(_ uint64, _ protocol.Hash, data []byte) error { return b.take(item, data) }, nil
}

// take writes an item to the staging folder, once for each of its names.
func (b *Batch) take(item int, data []byte) error {
	for number := range b.names[item] {
		b.mu.Lock()
		at := staged{item, number, b.filling}
		b.mu.Unlock()
		before("write an item")
		if err := b.staging[at.staging].write(at.file(), data); err != nil {
			return fmt.Errorf("%s: %w", b.place(at), disk.Reason(err))
		}
		if err := b.stage(at); err != nil {
			return err
		}
	}
	return nil
}

// stage notes that a file has come. Many are committed while others come.
func (b *Batch) stage(at staged) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.staged = append(b.staged, at)
	if len(b.staged) >= enough && !b.busy {
		b.begin()
	}
	return b.failed
}

// begin has the committer work on what has come; with the mutex held.
func (b *Batch) begin() {
	items := b.handOver()
	b.busy = true
	go b.commit(items)
}

// await waits until no commit is under way; with the mutex held.
func (b *Batch) await() {
	for b.busy {
		b.free.Wait()
	}
}

// name returns the name under which a file goes.
func (b *Batch) name(at staged) string { return b.names[at.item][at.number] }

// place returns where a file goes, as the user calls it.
func (b *Batch) place(at staged) string {
	return filepath.Join(b.root.Name(), filepath.FromSlash(b.name(at)))
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
	b.mu.Lock()
	b.await()
	b.mu.Unlock()
	before("remove the batch's folder")
	err := errors.Join(b.closeStaging(), b.root.RemoveAll(b.folder), b.locked.Close())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrClosed) { // closed before
		return nil
	}
	return err
}
