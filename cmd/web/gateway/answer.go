package gateway

import (
	"io"
	"net/http"
	"strconv"
	"strings"
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
		size, _ := strconv.ParseInt(a.Header().Get("Content-Length"), 10, 64)
		if strings.HasPrefix(a.Header().Get("Content-Type"), "multipart/") { // of several ranges
			size = 0
		}
		if a.failed = a.body.begin(size); a.failed != nil {
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

// ReadFrom implements [io.ReaderFrom]: what [http.ServeContent] sends of one content, goes out without a copy.
func (a *answer) ReadFrom(from io.Reader) (n int64, err error) {
	if a.failed != nil {
		return 0, a.failed
	}
	part, is := from.(*io.LimitedReader)
	if is && part.R == io.Reader(a.body) {
		n, err = a.body.writeTo(a.ResponseWriter, part.N)
		part.N -= n
		return n, err
	}
	return io.Copy(struct{ io.Writer }{a.ResponseWriter}, from)
}
