//go:build unix

package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket is a leg's connection as the system knows it.
type socket struct {
	raw syscall.RawConn // nil: it is none
}

func socketOf(conn Conn) (s socket) {
	if bare, is := unfed(conn).(*net.TCPConn); is {
		s.raw, _ = bare.SyscallConn()
	}
	return s
}

// there reports whether the connection is a socket.
func (s *socket) there() bool { return s.raw != nil }

// bare reports whether all that comes over a connection comes from its socket.
func (s *socket) bare(conn Conn) bool { return s.raw != nil && !isFed(conn) }

// passInTurn is pass between two sockets. While it waits for bytes it has nothing in hand, and while it waits for room
// only what did not fit.
func (l *leg) passInTurn(to *leg, most uint64) (n int64, reading, writing error) {
	switch {
	case l.tight:
		writing = await(to.socket.raw.Write, unix.POLLOUT)
	case l.dry:
		reading = await(l.socket.raw.Read, unix.POLLIN)
	}
	if reading != nil || writing != nil {
		return 0, reading, writing
	}
	turn := l.turn()
	n, reading, writing = l.move(to, int(min(most, uint64(turn.most))))
	more := reading == nil && writing == nil && uint64(n) < most
	l.next = l.in.rounds.leave(turn, l.from, int(n), more)
	if l.dry = reading == unix.EAGAIN; l.dry {
		reading = nil
	}
	if l.tight = writing == unix.EAGAIN; l.tight {
		writing = nil
	}
	return n, reading, writing
}

// turn waits for a turn.
func (l *leg) turn() roundTurn {
	if l.next == nil {
		return l.in.rounds.enter(l.from)
	}
	defer func() { l.next = nil }()
	return <-l.next
}

// move takes what has come and passes it on, beginning with what is left of before, until there is no more, or no room.
func (l *leg) move(to *leg, most int) (n int64, reading, writing error) {
	for n < int64(most) && reading == nil && writing == nil {
		if l.holds == nil {
			l.holds = takeVessel()
		}
		if l.holds.left() == 0 {
			reading = l.fill(most - int(n))
		}
		for l.holds.left() > 0 && writing == nil {
			writing = call("write", to.socket.raw, func(fd int) error {
				poured, err := l.holds.pour(fd)
				n += int64(poured)
				return err
			})
		}
	}
	if l.holds != nil && l.holds.left() == 0 {
		l.drop()
	}
	return n, reading, writing
}

// fill takes what has come.
func (l *leg) fill(most int) error {
	come := 0
	err := call("read", l.socket.raw, func(fd int) (err error) {
		come, err = l.holds.fill(fd, most)
		return err
	})
	switch {
	case err == nil && come == 0:
		return io.EOF
	case errors.Is(err, errUnfit):
		l.drop()
		l.holds = takeVessel()
		return l.fill(most)
	}
	return err
}

// drop gives back what the leg has in hand.
func (l *leg) drop() {
	if l.holds != nil {
		l.holds.free()
		l.holds = nil
	}
}

// yield gives up the turn that the leg waits for.
func (l *leg) yield() {
	if l.next != nil {
		l.in.rounds.leave(l.turn(), l.from, 0, false)
	}
}

// call calls f with the descriptor of a socket that is open. EAGAIN remains what it is, bare.
func call(name string, raw syscall.RawConn, f func(fd int) error) error {
	var err error
	if failed := raw.Control(func(fd uintptr) {
		for err = f(int(fd)); err == unix.EINTR; {
			err = f(int(fd))
		}
	}); failed != nil {
		return failed
	}
	if err == nil || err == unix.EAGAIN {
		return err
	}
	return os.NewSyscallError(name, err)
}

// await waits for one of these events, or for the deadline.
func await(wait func(func(fd uintptr) bool) error, events int16) error {
	return wait(func(fd uintptr) bool {
		one := []unix.PollFd{{Fd: int32(fd), Events: events}}
		n, err := unix.Poll(one, 0)
		return n > 0 || err != nil && err != unix.EINTR
	})
}
