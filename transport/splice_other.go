//go:build !unix

package transport

// source is what a link's bytes are read from.
type source struct{ conn Conn }

func sourceOf(conn Conn) source { return source{conn} }

// read waits until bytes have come, and returns a buffer with some of them, at most as many as that.
// Without bytes there is none, and an error.
func (s *source) read(most int) (buffer *spliceBuffer, n int, err error) {
	return readPaged(s.conn, most)
}
