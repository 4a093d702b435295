package transport

// fed is a connection with bytes in front that were read from it before.
type fed struct {
	Conn
	begin []byte // of the goroutine that reads
}

// feed returns a connection that has bytes in front of it, which it copies.
func feed(conn Conn, begin []byte) Conn {
	if len(begin) == 0 {
		return conn
	}
	return &fed{conn, append([]byte(nil), begin...)}
}

// Read reads what is in front, and then the connection.
func (f *fed) Read(b []byte) (n int, err error) {
	if len(f.begin) == 0 {
		return f.Conn.Read(b)
	}
	n = copy(b, f.begin)
	if f.begin = f.begin[n:]; len(f.begin) == 0 {
		f.begin = nil
	}
	return n, nil
}

// isFed reports whether a connection has bytes in front that have not been read. The goroutine that reads
// calls it.
func isFed(conn Conn) bool {
	f, is := conn.(*fed)
	return is && (len(f.begin) > 0 || isFed(f.Conn))
}

// unfed returns the connection behind what is in front of it.
func unfed(conn Conn) Conn {
	for {
		f, is := conn.(*fed)
		if !is {
			return conn
		}
		conn = f.Conn
	}
}
