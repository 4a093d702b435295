package gateway

import (
	"io"
	"net/http"
	"strings"
	"sync"
)

// answer is the [http.ResponseWriter] of one content. The status of a body is sent when the first bytes of the
// body are here, and not at all if they do not come.
type answer struct {
	http.ResponseWriter
	body   *content
	head   bool  // no body is sent
	failed error // why nothing was sent
	began  bool  // the header is out
}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(code int) {
	if a.failed != nil {
		return
	}
	if (code == http.StatusOK || code == http.StatusPartialContent) && !a.head {
		several := strings.HasPrefix(a.Header().Get("Content-Type"), "multipart/") // what begins where is not known here
		if a.failed = a.body.begin(!several); a.failed != nil {
			return
		}
	}
	a.began = true
	a.ResponseWriter.WriteHeader(code)
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) {
	if a.failed != nil {
		return 0, a.failed
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// ReadFrom implements [io.ReaderFrom], with larger pieces than [io.Copy] takes.
func (a *answer) ReadFrom(from io.Reader) (n int64, err error) {
	if a.failed != nil {
		return 0, a.failed
	}
	buffer := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{a.ResponseWriter}, struct{ io.Reader }{from}, buffer[:])
}

// bufferSize is how much of a content is sent at a time.
const bufferSize = 256 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}
