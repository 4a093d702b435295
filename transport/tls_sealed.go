package transport

import "sync"

// pieceSize is the size of plaintext that is encrypted before it is handed to the system: one system
// call writes many records.
const pieceSize = 128 << 10

// A sealed buffer has room for a piece beside what TLS itself has to say, such as a ticket or the answer
// to an update of keys. A peer that makes that grow without taking any of it is cut off.
const (
	spareSize  = 4 << 10
	sealedSize = pieceSize/recordSize*(recordSize+recordExtra) + spareSize
)

// sealed holds bytes to write.
type sealed struct {
	small bool
	data  []byte
	from  int // what is before has been handed to the system
}

var (
	smallSealed = sync.Pool{New: func() any { return &sealed{small: true, data: make([]byte, 0, spareSize)} }}
	largeSealed = sync.Pool{New: func() any { return &sealed{data: make([]byte, 0, sealedSize)} }}
)

func (s *sealed) free() {
	s.data, s.from = s.data[:0], 0
	if s.small {
		smallSealed.Put(s)
	} else {
		largeSealed.Put(s)
	}
}

// Write is called by the tls.Conn.
func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sealed == nil {
		w.sealed = smallSealed.Get().(*sealed)
	}
	if len(w.sealed.data)+len(b) > cap(w.sealed.data) {
		return 0, errNoRoom
	}
	w.sealed.data = append(w.sealed.data, b...)
	return len(b), nil
}

// reserve makes room for so many bytes, and returns behind how many they come. It is not called while
// flush is under way.
func (w *wire) reserve(bytes int) (at int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	has := w.sealed
	if has == nil && bytes <= spareSize/2 { // the rest is for what TLS itself has to say
		has = smallSealed.Get().(*sealed)
	}
	if has == nil || has.small && len(has.data)+bytes > cap(has.data) {
		w.sealed = largeSealed.Get().(*sealed)
		if has != nil {
			w.sealed.data = append(w.sealed.data, has.data[has.from:]...)
			has.free()
		}
		has = w.sealed
	}
	if has.from > 0 { // what a deadline has left begins at the front, or there is no room behind it for a whole piece
		has.data = has.data[:copy(has.data, has.data[has.from:])]
		has.from = 0
	}
	w.sealed = has
	return len(has.data)
}

// flushed hands to the system what was written, or as much as it takes until the deadline, and returns
// how far it has come: at the end of all there is, -1.
func (w *wire) flushed() (to int, err error) {
	for {
		w.mu.Lock()
		if w.sealed == nil || w.sealed.from == len(w.sealed.data) {
			if w.sealed != nil {
				w.sealed.free()
				w.sealed = nil
			}
			w.mu.Unlock()
			return -1, nil
		}
		to, rest := w.sealed.from, w.sealed.data[w.sealed.from:]
		w.mu.Unlock()
		n, err := w.Conn.Write(rest)
		w.mu.Lock()
		w.sealed.from = to + n
		w.mu.Unlock()
		if err != nil {
			return to + n, err
		}
	}
}

// flush is flushed for a caller to whom it does not matter how far.
func (w *wire) flush() error {
	_, err := w.flushed()
	return err
}

// flushHandshake is flush while the handshake is not done.
func (w *wire) flushHandshake() error {
	err := w.flush()
	w.noteFailed(err)
	return err
}
