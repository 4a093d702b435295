//go:build !unix

package transport

// socket is a leg's connection for the system; there is none.
type socket struct{}

func socketOf(Conn) (s socket) { return s }

func (socket) there() bool { return false }

func (socket) bare(Conn) bool { return false }

func (l *leg) passInTurn(to *leg, most uint64) (n int64, reading, writing error) {
	return copySome(to.conn, l.conn, most)
}

func (l *leg) drop() {}

func (l *leg) yield() {}

// vessel is nothing that a leg ever has.
type vessel any
