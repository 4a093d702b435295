package e2e

import (
	"net"
	"sync"
	"testing"
)

// strait stands between clients and a node, and lets only so much of what the node sends pass.
type strait struct {
	listener net.Listener
	port     string
	to       string // where the node listens

	mu     sync.Mutex
	more   *sync.Cond
	allow  int64 // bytes that may pass in all
	passed int64
	most   int64 // bytes of the longest connection since falsify was called
	flip   int64 // the byte of each connection that is falsified; 0: none
	cut    bool  // connections are closed when nothing may pass any more
	reset  int64 // the next connection of which so many bytes have come is reset; 0: none
	conns  map[net.Conn]struct{}
	busy   sync.WaitGroup
}

// newStrait lets bytes pass until told otherwise.
func newStrait(t *testing.T) *strait {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &strait{listener: l, allow: 1 << 60, conns: map[net.Conn]struct{}{}}
	s.more = sync.NewCond(&s.mu)
	_, s.port, _ = net.SplitHostPort(l.Addr().String())
	t.Cleanup(s.close)
	return s
}

// open begins to let clients through to a node.
func (s *strait) open(to string) {
	s.to = to
	s.busy.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.busy.Go(func() { s.carry(conn) })
		}
	})
}

// hold lets so many bytes more pass; with cut, connections end then.
func (s *strait) hold(bytes int64, cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allow, s.cut = s.passed+bytes, cut
	s.more.Broadcast()
}

// falsify has that byte of each connection changed, counted from 1.
func (s *strait) falsify(at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flip, s.most = at, 0
}

// longest returns how many bytes have come over the connection with the most, since falsify was called.
func (s *strait) longest() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// resetAt has the next connection reset at that byte, counted from 1.
func (s *strait) resetAt(at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset = at
}

// resets reports whether a connection that has come so far is to be reset now.
func (s *strait) resets(at int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reset == 0 || at < s.reset {
		return false
	}
	s.reset = 0
	return true
}

// full waits until all that may pass has passed.
func (s *strait) full() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.passed < s.allow {
		s.more.Wait()
	}
}

// sent returns how many bytes have passed.
func (s *strait) sent() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passed
}

func (s *strait) close() {
	s.listener.Close()
	s.mu.Lock()
	s.allow, s.cut = 0, true
	for conn := range s.conns {
		conn.Close()
	}
	s.more.Broadcast()
	s.mu.Unlock()
	s.busy.Wait()
}

func (s *strait) track(conn net.Conn) {
	s.mu.Lock()
	s.conns[conn] = struct{}{}
	s.mu.Unlock()
}

func (s *strait) carry(client net.Conn) {
	defer client.Close()
	s.track(client)
	node, err := net.Dial("tcp", s.to)
	if err != nil {
		return
	}
	defer node.Close()
	s.track(node)
	s.busy.Go(func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := client.Read(buf)
			if n > 0 {
				node.Write(buf[:n])
			}
			if err != nil {
				node.(*net.TCPConn).CloseWrite()
				return
			}
		}
	})
	buf, at := make([]byte, 64<<10), int64(0)
	for {
		n, err := node.Read(buf)
		s.mu.Lock()
		if s.flip > at && s.flip <= at+int64(n) {
			buf[s.flip-at-1] ^= 1
		}
		at += int64(n)
		s.most = max(s.most, at)
		s.mu.Unlock()
		if s.resets(at) {
			client.(*net.TCPConn).SetLinger(0)
			node.(*net.TCPConn).SetLinger(0)
			return
		}
		if !s.pass(client, buf[:n]) {
			return
		}
		if err != nil {
			client.(*net.TCPConn).CloseWrite()
			return
		}
	}
}

// pass writes to a client when that is allowed, and reports whether the connection goes on.
func (s *strait) pass(client net.Conn, data []byte) bool {
	for len(data) > 0 {
		s.mu.Lock()
		for s.passed >= s.allow && !s.cut {
			s.more.Wait()
		}
		n := min(int64(len(data)), s.allow-s.passed)
		s.mu.Unlock()
		if n <= 0 {
			return false
		}
		if _, err := client.Write(data[:n]); err != nil {
			return false
		}
		data = data[n:]
		s.mu.Lock()
		s.passed += n
		s.more.Broadcast()
		s.mu.Unlock()
	}
	return true
}
