package web

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// bounded is a listener whose connections are bounded in number, in all and from one address. What
// is too much is closed at once. Its connections let go of peers that do not read.
type bounded struct {
	net.Listener
	limits  *limits
	sampled *sampled

	mu   sync.Mutex
	all  int
	from map[roles.Host]int
}

// Accept returns the next connection that there is room for.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		accepted, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host := thisMachine
		if addr := addrOf(accepted.RemoteAddr()); addr.IsValid() {
			host = roles.HostOf(addr)
		}
		if b.take(host) {
			return &conn{Conn: accepted, slowFor: b.limits.slowFor, release: sync.OnceFunc(func() { b.release(host) })}, nil
		}
		accepted.Close()
		b.sampled.warn("too many connections at once", "from", host)
	}
}

func (b *bounded) take(host roles.Host) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= b.limits.conns || host.Bounded() && b.from[host] >= b.limits.connsFrom {
		return false
	}
	if b.from == nil {
		b.from = map[roles.Host]int{}
	}
	b.all++
	b.from[host]++
	return true
}

func (b *bounded) release(host roles.Host) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.from[host]--; b.from[host] == 0 {
		delete(b.from, host)
	}
}

// conn is a connection whose peer has to read: each slowBytes have to be taken within slowFor, so
// that the deadline moves with what is taken. Whoever has set an earlier deadline gets that one.
type conn struct {
	net.Conn
	slowFor time.Duration
	release func()

	mu       sync.Mutex
	deadline time.Time // of SetWriteDeadline; zero: none
}

// Write goes on for as long as the peer takes slowBytes within slowFor.
func (c *conn) Write(data []byte) (written int, err error) {
	for {
		if err := c.Conn.SetWriteDeadline(c.next()); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(data[written:])
		written += n
		if slow := errors.Is(err, os.ErrDeadlineExceeded) && n >= slowBytes && !c.late(); !slow {
			return written, err
		}
	}
}

// late reports whether the deadline is over that was set besides the moving one.
func (c *conn) late() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.deadline.IsZero() && !time.Now().Before(c.deadline)
}

func (c *conn) next() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	moving := time.Now().Add(c.slowFor)
	if !c.deadline.IsZero() && c.deadline.Before(moving) {
		return c.deadline
	}
	return moving
}

// SetWriteDeadline sets a deadline besides the moving one.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	c.deadline = t
	c.mu.Unlock()
	if t.IsZero() {
		return nil // what is being written keeps its deadline
	}
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// CloseWrite ends what is sent, and lets the peer read it to its end. Package net/http looks for it.
func (c *conn) CloseWrite() error {
	if half, is := c.Conn.(interface{ CloseWrite() error }); is {
		return half.CloseWrite()
	}
	return nil
}

// Close makes room for another connection.
func (c *conn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
