package transport

import (
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// polled is a lot of sockets, which one goroutine waits for: an epoll instance, which is itself among the descriptors
// that the runtime waits for. It begins with the first link that is parked.
type polled struct {
	after time.Duration

	mu     sync.Mutex
	file   *os.File // nil: it has not begun
	done   chan struct{}
	last   uint64
	places map[uint64]func()
}

func newLot(after time.Duration) lot {
	return &polled{after: after, done: make(chan struct{}), places: map[uint64]func(){}}
}

func (p *polled) patience() time.Duration { return p.after }

// begin begins to wait. The caller holds the mutex.
func (p *polled) begin() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or the runtime would not wait for it
		unix.Close(fd)
		return err
	}
	p.file = os.NewFile(uintptr(fd), "epoll")
	raw, err := p.file.SyscallConn()
	if err != nil {
		p.file.Close()
		p.file = nil
		return err
	}
	go func() {
		defer close(p.done)
		events := make([]unix.EpollEvent, 64)
		raw.Read(func(fd uintptr) bool {
			p.look(int(fd), events)
			return false // until it is closed
		})
	}()
	return nil
}

// look resumes all who have something to read.
func (p *polled) look(fd int, events []unix.EpollEvent) {
	for {
		n, err := unix.EpollWait(fd, events, 0)
		if err == unix.EINTR {
			continue
		}
		if n <= 0 {
			return
		}
		for _, event := range events[:n] {
			p.mu.Lock()
			place := placeOf(event)
			resumed := p.places[place]
			delete(p.places, place)
			p.mu.Unlock()
			if resumed != nil {
				resumed()
			}
		}
	}
}

func (p *polled) park(conn Conn, resumed func()) (place uint64, can bool) {
	socket, is := bottom(conn).(*net.TCPConn)
	if !is {
		return 0, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil && p.begin() != nil {
		return 0, false
	}
	p.last++
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: int32(p.last), Pad: int32(p.last >> 32)}
	control(p.file, func(in int) {
		control(socket, func(fd int) {
			err := unix.EpollCtl(in, unix.EPOLL_CTL_MOD, fd, &event)
			if err == unix.ENOENT {
				err = unix.EpollCtl(in, unix.EPOLL_CTL_ADD, fd, &event)
			}
			can = err == nil
		})
	})
	if can {
		p.places[p.last] = resumed
	}
	return p.last, can
}

func placeOf(event unix.EpollEvent) uint64 {
	return uint64(uint32(event.Fd)) | uint64(uint32(event.Pad))<<32
}

func (p *polled) leave(place uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.places, place)
}

func (p *polled) close() {
	p.mu.Lock()
	file := p.file
	p.mu.Unlock()
	if file != nil {
		file.Close()
		<-p.done
	}
}
