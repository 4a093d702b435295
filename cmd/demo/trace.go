package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// tracePrinter prints for people what happens on links, under the names of the parties.
type tracePrinter struct {
	out io.Writer

	mu    sync.Mutex
	names map[netip.AddrPort]string // of the parties that listen, by their addresses
	open  int                       // ends of links that are not closed yet
	mute  bool                      // links are not printed
}

func newTracePrinter(out io.Writer) *tracePrinter {
	return &tracePrinter{out: out, names: map[netip.AddrPort]string{}}
}

func (p *tracePrinter) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "  "+format+"\n", args...)
}

func (p *tracePrinter) heading(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "\n%s\n", text)
}

// muted ends the printing of what links do, or begins it again.
func (p *tracePrinter) muted(mute bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = mute
}

// setName gives the listener at an address a name.
func (p *tracePrinter) setName(at netip.AddrPort, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[at] = name
}

// of returns a trace that prints what one party's links do: all of the links that it dialled, and of
// those that it accepted, which the other end prints, how they closed.
func (p *tracePrinter) of(me string) func(transport.Event) {
	return func(e transport.Event) {
		p.mu.Lock()
		defer p.mu.Unlock()
		accepted := p.names[e.Local] == me && e.What != transport.Dialled && p.names[e.Peer] != "relay"
		switch e.What {
		case transport.Dialled:
			p.open++
		case transport.Accepted:
			p.open++
			accepted = true
		case transport.Closed:
			p.open--
		}
		if p.mute {
			return
		}
		if accepted {
			if e.What == transport.Closed {
				fmt.Fprintf(p.out, "  %-7s    its end of the link from %s is closed: %s\n", me, e.Peer, e.End)
			}
			return
		}
		them := p.names[e.Peer]
		if them == "" {
			them = e.Peer.String()
		}
		if line := text(e); line != "" {
			fmt.Fprintf(p.out, "  %-7s %s %-7s %s\n", me, arrow(e.What), them, line)
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

// text returns the line about an event, or nothing.
func text(e transport.Event) string {
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

// awaitClosed waits until every link that was opened is closed at both ends, as they are soon after
// each phase.
func (p *tracePrinter) awaitClosed(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(2 * roles.CloseTimeout)
	for {
		p.mu.Lock()
		open := p.open
		p.mu.Unlock()
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
