package web

import (
	"io/fs"
	"os"
	"sync"
	"time"
)

// young is how long a file is read at each look after it has changed: two changes within one tick of
// the file system's clock may look the same.
const young = 2 * time.Second

// watched is what files say, which are read again when they have changed. They are looked at
// whenever somebody asks: there is nothing to start or end.
type watched[T any] struct {
	paths []string
	read  func() (T, error)
	told  func(error) // hears of each reading after the first one; nil error: it was good

	mu     sync.Mutex
	looks  []look
	readAt time.Time
	value  T
	err    error
}

// look is what a file looked like.
type look struct {
	info fs.FileInfo
	err  error
}

func (l look) same(other look) bool {
	if l.err != nil || other.err != nil {
		return (l.err == nil) == (other.err == nil)
	}
	return l.info.Size() == other.info.Size() && l.info.Mode() == other.info.Mode() &&
		l.info.ModTime().Equal(other.info.ModTime()) && os.SameFile(l.info, other.info)
}

// get returns what the last good reading gave, and the error of the last one.
func (w *watched[T]) get() (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, again := time.Now(), len(w.looks) == 0
	first, looks := again, make([]look, len(w.paths))
	changed := first
	for i, path := range w.paths {
		looks[i].info, looks[i].err = os.Stat(path)
		if first {
			continue
		}
		changed = changed || !looks[i].same(w.looks[i])
		again = again || looks[i].err == nil && w.readAt.Sub(looks[i].info.ModTime()).Abs() < young
	}
	if !changed && !again {
		return w.value, w.err
	}
	value, err := w.read()
	w.looks, w.readAt = looks, now
	failed := err != nil
	tell := changed || failed != (w.err != nil)
	if w.err = err; !failed {
		w.value = value
	}
	if tell && !first {
		w.told(err)
	}
	return w.value, w.err
}
