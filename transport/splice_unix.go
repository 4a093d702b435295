//go:build unix

package transport

import (
	"io"
	"net"
	"os"
	"syscall"
)

// source is what a link's bytes are read from.
type source struct {
	conn Conn
	raw  syscall.RawConn // of the socket; nil: there is none
}

func sourceOf(conn Conn) source {
	s := source{conn: conn}
	if socket, is := unfed(conn).(*net.TCPConn); is {
		s.raw, _ = socket.SyscallConn()
	}
	return s
}

// read waits until bytes have come, and returns a buffer with some of them, at most as many as that. While
// it waits there is no buffer. Without bytes there is none, and an error.
func (s *source) read(most int) (buffer *spliceBuffer, n int, err error) {
	if s.raw == nil || isFed(s.conn) {
		return readPaged(s.conn, most)
	}
	failed := s.raw.Read(func(fd uintptr) (done bool) {
		buffer = spliceBuffers.Get().(*spliceBuffer)
		if n, err = readSocket(int(fd), buffer[:most]); err == nil && n > 0 {
			return true
		}
		spliceBuffers.Put(buffer)
		buffer = nil
		return err != syscall.EAGAIN
	})
	switch {
	case failed != nil:
		return nil, 0, failed
	case err != nil:
		return nil, 0, os.NewSyscallError("read", err)
	case n == 0:
		return nil, 0, io.EOF
	}
	return buffer, n, nil
}

// readSocket reads without waiting.
func readSocket(fd int, b []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, b)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
