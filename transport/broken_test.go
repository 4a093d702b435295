package transport_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// pretend answers the first message of the next link with bytes, and then does something with it.
func pretend(t *testing.T, l transport.Listener, answer []byte, then func(transport.Conn)) {
	conn, err := l.Accept()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	hear(t, conn)
	conn.Write(answer)
	then(conn)
}

// pretends has that done beside the test, which does not end before.
func pretends(t *testing.T, l transport.Listener, answer []byte, then func(transport.Conn)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		pretend(t, l, answer, then)
	}()
	t.Cleanup(func() { <-done }) // before that of the listener
}

// A node that breaks off in the middle of a body is at fault; the file is not.
func TestWhoIsToBlameForABrokenBody(t *testing.T) {
	large := newFile(strings.Repeat("large", 2<<20))
	outboard := &protocol.Outboard{Size: large.size, Hash: large.hash, Count: protocol.Groups(large.size), Nodes: large.tree}
	head := &protocol.Content{Size: large.size, Length: protocol.GroupSize, Hash: large.hash}
	group := []byte(strings.Repeat("large", 1<<20)[:protocol.GroupSize])
	half, rest := group[:protocol.GroupSize/2], group[protocol.GroupSize/2:]
	ended := func(conn transport.Conn) { conn.CloseWrite(); discard(conn) }
	whole := func(conn transport.Conn) { conn.Write(rest); ended(conn) }
	for name, test := range map[string]struct {
		then    func(transport.Conn)
		flags   int
		outcome client.Outcome
	}{
		"ended":                  {ended, os.O_RDWR, client.Undelivered},
		"reset":                  {reset, os.O_RDWR, client.Undelivered},
		"a file not for writing": {whole, os.O_RDONLY, client.DiskFailed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, transport.TCP{}, 0)
			l := listen(t, transport.TCP{}, "127.0.0.1:0")
			w.list(l.Addr())
			pretending := make(chan struct{})
			go func() {
				defer close(pretending)
				defer l.Close() // the client comes again
				pretend(t, l, protocol.Append(nil, outboard), func(conn transport.Conn) {
					hear(t, conn)
					conn.Write(protocol.Append(nil, head))
					hear(t, conn) // the next GET: from now on the body is awaited
					conn.Write(half)
					test.then(conn)
				})
			}()
			file, err := os.OpenFile(filepath.Join(t.TempDir(), "target"), test.flags|os.O_CREATE, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			result := w.fetch("file", fileStore{file: file})
			if result.Outcome != test.outcome {
				t.Errorf("%+v", result)
			}
			if len(result.Tried) > 0 && test.outcome == client.Undelivered && result.Tried[0].Code != protocol.Lost {
				t.Errorf("%+v", result.Tried)
			}
			<-pretending
		})
	}
}

// unwell is a network on which dialling fails in one way.
type unwell struct {
	transport.Refusing
	err error
}

func (u unwell) Dial(context.Context, string) (transport.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: u.err}
}

func TestAFailedDialHasACode(t *testing.T) {
	for err, code := range map[error]protocol.Code{
		os.NewSyscallError("connect", syscall.ECONNREFUSED): protocol.Refused,
		os.NewSyscallError("connect", syscall.ENETUNREACH):  protocol.Unreachable,
		os.NewSyscallError("connect", syscall.EHOSTUNREACH): protocol.Unreachable,
		&net.DNSError{Err: "no such host", Name: "relay"}:   protocol.Unreachable,
		&net.AddrError{Err: "missing port", Addr: "relay"}:  protocol.Unreachable,
		os.NewSyscallError("connect", syscall.ETIMEDOUT):    protocol.Timeout,
		os.ErrDeadlineExceeded:                              protocol.Timeout,
		os.NewSyscallError("socket", syscall.EMFILE):        protocol.Lost,
	} {
		c := peer.Client{Network: unwell{err: err}, Relay: "relay:1"}
		if got := c.FetchInto(t.Context(), peer.Request{Name: "file"}, nil).Code; got != code {
			t.Errorf("%v: %v, not %v", err, got, code)
		}
	}
}

func discard(conn transport.Conn) {
	buf := make([]byte, 4<<10)
	for err := error(nil); err == nil; {
		_, err = conn.Read(buf)
	}
}

// A message that is longer than a page of the inbox is heard as well.
func TestALongMessageIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		l := listen(t, network, "relay:1")
		located := &protocol.Located{}
		for i := range protocol.MaxPage {
			at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 1)
			located.Peers = append(located.Peers, protocol.PeerAt(at))
		}
		pretends(t, l, protocol.Append(nil, located), discard)
		c := peer.Client{Network: network, Relay: "relay:1"}
		if tried := len(c.FetchInto(t.Context(), peer.Request{Name: "file"}, nil).Tried); tried != protocol.MaxPage {
			t.Errorf("%d nodes were tried", tried)
		}
	})
}

func TestEventsAndEndsReadWell(t *testing.T) {
	for _, test := range []struct {
		event transport.Event
		want  string
	}{
		{transport.Event{What: transport.Dialled}, "dialled"},
		{transport.Event{What: transport.SentMessage, Message: &protocol.Locate{}}, "sent LOCATE"},
		{transport.Event{What: transport.ReceivedBody, Bytes: 7}, "received body of 7 bytes"},
		{transport.Event{What: transport.Closed, End: transport.Graceful}, "closed: graceful"},
		{transport.Event{What: transport.DialFailed, Err: errors.New("no way")}, "dial failed: no way"},
	} {
		if got := test.event.String(); !strings.HasPrefix(got, test.want) {
			t.Errorf("%q, not %q", got, test.want)
		}
	}
	seen := map[string]bool{}
	for end := transport.Unended; end <= transport.Cut; end++ {
		if seen[end.String()] || end.String() == "" {
			t.Errorf("end %d reads %q, as another does", end, end)
		}
		seen[end.String()] = true
	}
}
