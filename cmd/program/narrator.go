package program

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// Narrator tells people what happens on links, under the names of those who talk.
type Narrator struct {
	out io.Writer

	mu    sync.Mutex
	names map[netip.AddrPort]string // who listens where, and whose the other ends are
	open  int                       // ends of links that are not closed yet
	mute  bool                      // links are not told of
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

// muted stops telling what links do, or begins again.
func (n *Narrator) muted(mute bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mute = mute
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
		if n.mute {
			return
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
		return fmt.Sprintf("%s at %s for %v, renew after %v", m.Kind(), at, roles.Millis(m.TTL), roles.Millis(m.Renew))
	case *protocol.Publish:
		return fmt.Sprintf("%s %s, up to change %d of %d", m.Kind(), count(len(m.Changes), "name", "names"), m.To, m.Latest)
	case *protocol.Published:
		return fmt.Sprintf("%s: change %d is held", m.Kind(), m.Sequence)
	case *protocol.Locate:
		return fmt.Sprintf("%s %s", m.Kind(), file(m.Name, m.Hash))
	case *protocol.Located:
		nodes := []string{}
		for _, p := range m.Peers {
			nodes = append(nodes, p.Addr().String())
			if !p.Hash.IsZero() {
				nodes[len(nodes)-1] += " has it"
			}
		}
		return fmt.Sprintf("%s %s: %s", m.Kind(), count(len(nodes), "node", "nodes"), strings.Join(nodes, ", "))
	case *protocol.List:
		return fmt.Sprintf("%s %q", m.Kind(), said(m.Pattern))
	case *protocol.Listed:
		return fmt.Sprintf("%s %s", m.Kind(), count(len(m.Items), "name", "names"))
	case *protocol.Tree:
		return fmt.Sprintf("%s of %s", m.Kind(), file(m.Name, m.Hash))
	case *protocol.Outboard:
		return fmt.Sprintf("%s %d bytes, hash %s, %s", m.Kind(), m.Size, short(m.Hash), count(int(m.Count), "group", "groups"))
	case *protocol.Hashing:
		return fmt.Sprintf("%s %d bytes of %d so far", m.Kind(), m.Done, m.Size)
	case *protocol.Get:
		return fmt.Sprintf("%s %s from byte %d", m.Kind(), file(m.Name, m.Hash), m.Offset)
	case *protocol.Content:
		return fmt.Sprintf("%s %d bytes of %d follow, hash %s", m.Kind(), m.Length, m.Size, short(m.Hash))
	case *protocol.Error:
		return fmt.Sprintf("%s %s: %s", m.Kind(), m.Code, said(m.Text))
	default:
		return m.Kind().String()
	}
}

// file shows how a file is named.
func file(name string, hash protocol.Hash) string {
	switch {
	case hash.IsZero():
		return fmt.Sprintf("%q", said(name))
	case name == "":
		return "content " + short(hash)
	}
	return fmt.Sprintf("%q with content %s", said(name), short(hash))
}

// settle waits until every link that was opened is closed at both ends, as they are soon after each phase.
func (n *Narrator) settle(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(2 * roles.CloseTimeout)
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
