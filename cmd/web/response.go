package web

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// response is the http.ResponseWriter that handlers get. It puts the base path before redirections
// that lack it, knows whether something has been sent, and over HTTP/2, where many streams share a
// connection, has each stream's reader take slowBytes within slowFor.
type response struct {
	http.ResponseWriter
	base    string
	slowFor time.Duration
	control *http.ResponseController // nil: the connection sees to slow readers
	sent    bool
}

// Unwrap returns what package net/http has given, for an http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader sends the header.
func (w *response) WriteHeader(code int) {
	if code >= http.StatusOK {
		w.sent = true
	}
	if to := w.Header().Get("Location"); strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.HasPrefix(to, w.base) {
		w.Header().Set("Location", w.base+to[1:])
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write sends a part of the body.
func (w *response) Write(data []byte) (written int, err error) {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
	if w.control == nil {
		return w.ResponseWriter.Write(data)
	}
	for {
		part := data[written:min(len(data), written+slowBytes)]
		n, err := 0, error(nil)
		w.inTime(func() error { n, err = w.ResponseWriter.Write(part); return err })
		if written += n; err != nil || written == len(data) {
			return written, err
		}
	}
}

// FlushError sends what is buffered.
func (w *response) FlushError() error {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
	flush := http.NewResponseController(w.ResponseWriter).Flush
	if w.control == nil {
		return flush()
	}
	return w.inTime(flush)
}

// Flush sends what is buffered.
func (w *response) Flush() { w.FlushError() }

// inTime has a stream reset that does not move. There is no deadline while the handler does
// something else, such as waiting for a node.
func (w *response) inTime(do func() error) error {
	w.control.SetWriteDeadline(time.Now().Add(w.slowFor))
	err := do()
	w.control.SetWriteDeadline(time.Time{})
	return err
}

// last sets the deadline of what is sent after the handler has returned.
func (w *response) last() {
	if w.control != nil {
		w.control.SetWriteDeadline(time.Now().Add(w.slowFor))
	}
}

// copies are the buffers of ReadFrom.
var copies = sync.Pool{New: func() any { return new([slowBytes]byte) }}

// ReadFrom sends what from gives, for io.Copy.
func (w *response) ReadFrom(from io.Reader) (n int64, err error) {
	buffer := copies.Get().(*[slowBytes]byte)
	defer copies.Put(buffer)
	return io.CopyBuffer(writerOnly{w}, from, buffer[:])
}

// writerOnly hides ReadFrom from io.CopyBuffer.
type writerOnly struct{ io.Writer }
