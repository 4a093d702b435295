//go:build !unix

package transport

// OpenFiles returns that no bound is known.
func OpenFiles() (most uint64, known bool) { return 0, false }

// descriptor returns that a connection has no number that tells how many are open.
func descriptor(Conn) (number uint64, known bool) { return 0, false }
