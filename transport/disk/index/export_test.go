package index

import "sync/atomic"

// Mend makes the file anew if that is due.
func (x *DB) Mend() { x.mend() }

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
	live = headSize + int64(len(x.db.files)*fileSize)
	for _, place := range x.db.trees {
		live += int64(place.size)
	}
	return x.db.end, x.db.waste, live
}

// broken is a file that fails to write, or hangs.
type broken struct {
	file
	err    error // nil: it hangs
	mended chan struct{}
	is     atomic.Bool
}

func (b *broken) WriteAt(data []byte, at int64) (int, error) {
	if b.is.Load() {
		if b.err != nil {
			return len(data) / 2, b.err
		}
		<-b.mended
	}
	return b.file.WriteAt(data, at)
}

// Mend ends the failure.
func (b *broken) Mend() {
	b.is.Store(false)
	close(b.mended)
}

// Break has the disk fail, or hang if err is nil.
func (x *DB) Break(err error) *broken {
	b := &broken{err: err, mended: make(chan struct{})}
	b.is.Store(true)
	x.flushing.Lock()
	defer x.flushing.Unlock()
	x.db.mu.Lock()
	defer x.db.mu.Unlock()
	b.file, x.db.file = x.db.file, b
	return b
}

// AwaitClosed waits until an index is closed whose Close did not wait.
func (x *DB) AwaitClosed() { x.keeper.Wait() }
