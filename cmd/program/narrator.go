package program

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// Narrator tells people what happens on links, under the names of those who talk.
type Narrator struct {
	out io.Writer

	mu    sync.Mutex
	names map[netip.AddrPort]string // who listens where, and whose the other ends are
	open  int                       // ends of links that are not closed yet
}

// NewNarrator returns a Narrator that writes to out.
func NewNarrator(out io.Writer) *Narrator {
	return &Narrator{out: out, names: map[netip.AddrPort]string{}}
}

func (n *Narrator) say(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintf(n.out, "  "+format+"\n", args...)
}

func (n *Narrator) heading(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintf(n.out, "\n%s\n", text)
}

// know gives the listener at an address a name.
func (n *Narrator) know(at netip.AddrPort, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[at] = name
}

// teller returns a trace that tells what one party's links do: all of those that it dialled, and of those that it
// accepted, which the other end tells, how they closed.
func (n *Narrator) teller(me string) func(transport.Event) {
	return func(e transport.Event) {
		n.mu.Lock()
		defer n.mu.Unlock()
		accepted := n.names[e.Local] == me && e.What != transport.Dialled && n.names[e.Peer] != "relay"
		switch e.What {
		case transport.Dialled:
			n.open++
		case transport.Accepted:
			n.open++
			accepted = true
		case transport.Closed:
			n.open--
		}
		if accepted {
			if e.What == transport.Closed {
				fmt.Fprintf(n.out, "  %-7s    its end of the link from %s is closed: %s\n", me, e.Peer, e.End)
			}
			return
		}
		them := n.names[e.Peer]
		if them == "" {
			them = e.Peer.String()
		}
		if line := tell(e); line != "" {
			fmt.Fprintf(n.out, "  %-7s %s %-7s %s\n", me, arrow(e.What), them, line)
		}
	}
}

func arrow(what transport.What) string {
	switch what {
	case transport.HeardMessage, transport.ReceivedBody, transport.PeerEnded:
		return "<-"
	case transport.Closed, transport.DialFailed:
		return "--"
	}
	return "->"
}

func tell(e transport.Event) string {
	switch e.What {
	case transport.Dialled:
		return fmt.Sprintf("connects, from %s to %s", e.Local, e.Peer)
	case transport.SentMessage, transport.HeardMessage:
		return describe(e.Message)
	case transport.ReceivedBody, transport.SentBody:
		return fmt.Sprintf("%d raw bytes", e.Bytes)
	case transport.HalfClosed:
		return "has nothing more to say (half-close)"
	case transport.PeerEnded:
		return "has nothing more to say either (end of stream)"
	case transport.Closed:
		return fmt.Sprintf("closed: %s", e.End)
	case transport.DialFailed:
		return fmt.Sprintf("no connection: %v", e.Err)
	}
	return ""
}

// describe shows a message with what matters in it.
func describe(m protocol.Message) string {
	switch m := m.(type) {
	case *protocol.Register:
		return fmt.Sprintf("%s port %d, epoch %d", m.Kind(), m.Port, m.Epoch)
	case *protocol.Registered:
		at := netip.AddrPortFrom(m.Host.Addr(), m.Port)
		return fmt.Sprintf("%s at %s for %v, renew after %v", m.Kind(), at, protocol.Millis(m.TTL), protocol.Millis(m.Renew))
	case *protocol.Locate:
		return fmt.Sprintf("%s %q", m.Kind(), said(m.Name))
	case *protocol.Located:
		nodes := []netip.AddrPort{}
		for _, p := range m.Peers {
			nodes = append(nodes, p.Addr())
		}
		return fmt.Sprintf("%s %s: %v", m.Kind(), count(len(nodes), "node", "nodes"), nodes)
	case *protocol.Get:
		return fmt.Sprintf("%s %q from byte %d", m.Kind(), said(m.Name), m.Offset)
	case *protocol.Content:
		return fmt.Sprintf("%s %d bytes of %d follow", m.Kind(), m.Length, m.Size)
	case *protocol.Error:
		return fmt.Sprintf("%s %s: %s", m.Kind(), m.Code, said(m.Text))
	default:
		return m.Kind().String()
	}
}

// settle waits until every link that was opened is closed at both ends, as they are soon after each phase.
func (n *Narrator) settle(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(2 * protocol.CloseTimeout)
	for {
		n.mu.Lock()
		open := n.open
		n.mu.Unlock()
		if open == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			return
		case <-ctx.Done():
			return
		}
	}
}
