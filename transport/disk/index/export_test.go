package index

import "sync/atomic"

// Mend makes the file anew if that is due.
func (x *DB) Mend() { x.mend() }

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
