package index

import (
	"io/fs"
	"sync/atomic"

	"github.com/relaypeer/relaypeer/protocol"
)

// Mend makes the file anew if that is due.
func (x *DB) Mend() { x.mend() }

// MendStopped is Mend while the index is being closed.
func (x *DB) MendStopped() {
	stop := make(chan struct{})
	close(stop)
	x.flushing.Lock()
	defer x.flushing.Unlock()
	x.db.mend(stop)
}

// The sizes of an index's file.
const (
	HeadSize   = headSize
	FileSize   = fileSize
	MostTorn   = mostTorn
	MostPassed = mostPassed
)

// EncodeRecord returns a record of any kind with any payload.
func EncodeRecord(kind byte, key [2]uint64, value protocol.Hash, payload []byte) []byte {
	return appendRecord(nil, recordKind(kind), key, value, payload)
}

// Segments returns how many segments of trees it holds.
func (x *DB) Segments() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := map[segmentName]bool{}
	for name := range x.fresh.segments {
		all[name] = true
	}
	if x.db != nil {
		for name := range x.db.trees {
			all[name] = true
		}
	}
	return len(all)
}

// Room returns the size of the file, how much of that it counts as waste, and how much its records
// take that count.
func (x *DB) Room() (size, waste, live int64) {
	live = headSize + int64(x.db.files.count()*fileSize)
	for _, place := range x.db.trees {
		live += int64(place.size)
	}
	return x.db.end, x.db.waste, live
}

// hooked is a file with a call before each operation, which fails if that does. Half of a write that
// fails is done.
type hooked struct {
	file
	before func(operation string) error
}

func (h *hooked) ReadAt(data []byte, at int64) (int, error) {
	if err := h.before("read"); err != nil {
		return 0, err
	}
	return h.file.ReadAt(data, at)
}

func (h *hooked) WriteAt(data []byte, at int64) (int, error) {
	if err := h.before("write"); err != nil {
		n, _ := h.file.WriteAt(data[:len(data)/2], at)
		return n, err
	}
	return h.file.WriteAt(data, at)
}

func (h *hooked) Stat() (fs.FileInfo, error) {
	if err := h.before("stat"); err != nil {
		return nil, err
	}
	return h.file.Stat()
}

func (h *hooked) Sync() error {
	if err := h.before("sync"); err != nil {
		return err
	}
	return h.file.Sync()
}

// Hook has before called before each operation on the file, until that is made anew.
func (x *DB) Hook(before func(operation string) error) {
	x.flushing.Lock()
	defer x.flushing.Unlock()
	x.db.mu.Lock()
	defer x.db.mu.Unlock()
	x.db.file = &hooked{x.db.file, before}
}

// broken is a disk that fails, or hangs.
type broken struct {
	mended chan struct{}
	is     atomic.Bool
}

// Mend ends the failure.
func (b *broken) Mend() {
	b.is.Store(false)
	close(b.mended)
}

// Break has the disk fail to be written, or hang if err is nil.
func (x *DB) Break(err error) *broken {
	b := &broken{mended: make(chan struct{})}
	b.is.Store(true)
	x.Hook(func(operation string) error {
		if operation == "write" && b.is.Load() {
			if err != nil {
				return err
			}
			<-b.mended
		}
		return nil
	})
	return b
}

// AwaitClosed waits until an index is closed whose Close did not wait.
func (x *DB) AwaitClosed() { x.keeper.Wait() }
