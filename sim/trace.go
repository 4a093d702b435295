package sim

import (
	"fmt"
	"io"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// What is the kind of a line of a trace.
type What uint8

// The kinds of lines.
const (
	Starts What = iota
	Stops
	Exits
	Dials
	Accepts
	Opens
	Sends
	SendsBody
	Hears
	Receives
	Rejects
	Misreads
	SeesEnd
	Breaks
	Loses
	HangsUp
	TimerFires
	Flips
	Faults
	Ceases
	Heal
	Results
	Passes
)

var whatWords = [...]string{
	"starts", "is told to stop", "exits", "dials", "accepts", "opens", "sends", "sends content",
	"hears", "receives content", "finds wrong group", "reads a malformed message", "sees the end",
	"is cut off", "loses", "hangs up", "timer fires", "has a bit flipped", "FAULT", "fault is over",
	"EVERYTHING HEALS", "comes to", "passes on",
}

// Line is one event of a trace.
type Line struct {
	At      time.Duration
	What    What
	Host    int
	Peer    int
	Actor   int
	Conn    int
	N       uint64
	Text    string
	Message protocol.Message
}

// note adds a line to the hash of the trace, and to its text if the run keeps that.
func (w *World) note(l Line) {
	h := w.hash
	h = mix(h, uint64(w.now))
	h = mix(h, uint64(l.What)|uint64(l.Host)<<8|uint64(l.Peer)<<24|uint64(l.Conn)<<40)
	h = mix(h, l.N+uint64(l.Actor)<<32)
	w.hash = h
	if w.tracing {
		l.At = w.now
		if l.What == Sends && l.Message == nil {
			l.Text = fmt.Sprintf("%d raw bytes", l.N)
		}
		w.lines = append(w.lines, l)
	}
}

func mix(h, v uint64) uint64 {
	h = (h ^ v) * 0x9fb21c651e98df25
	return h ^ h>>32
}

// digest is the FNV-1a hash of bytes.
func digest(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// Trace is the text of a run.
type Trace struct {
	Hosts []string
	Lines []Line
}

// Write writes the trace, one event a line.
func (t *Trace) Write(out io.Writer) error {
	for i := range t.Lines {
		if _, err := fmt.Fprintln(out, t.text(&t.Lines[i])); err != nil {
			return err
		}
	}
	return nil
}

func (t *Trace) text(l *Line) string {
	line := fmt.Sprintf("%12.6f  %-6s %s", l.At.Seconds(), t.Hosts[l.Host], whatWords[l.What])
	switch {
	case l.Message != nil:
		line += " " + describe(l.Message)
	case l.Text != "":
		line += " " + l.Text
	}
	if l.What == SendsBody || l.What == Receives || l.What == Rejects || l.What == Faults || l.What == Passes {
		line += fmt.Sprintf(" %d", l.N)
	}
	switch l.What {
	case Dials, Accepts, Opens, Sends, SendsBody, Hears, Receives, Rejects, Misreads, SeesEnd, Breaks, Loses, HangsUp, Flips, Passes:
		line += fmt.Sprintf("  (%s, connection %d)", t.Hosts[l.Peer], l.Conn)
	}
	return line
}

// describe returns a message as one line of text.
func describe(m protocol.Message) string {
	switch m := m.(type) {
	case *protocol.Register:
		return fmt.Sprintf("REGISTER epoch %d", m.Epoch)
	case *protocol.Renew:
		return fmt.Sprintf("RENEW epoch %d", m.Epoch)
	case *protocol.Leave:
		return fmt.Sprintf("LEAVE epoch %d", m.Epoch)
	case *protocol.Publish:
		return fmt.Sprintf("PUBLISH %d changes from %d to %d of %d, index %x", len(m.Changes), m.From, m.To, m.Latest, m.Index>>48)
	case *protocol.Published:
		return fmt.Sprintf("PUBLISHED to %d of index %x", m.Sequence, m.Index>>48)
	case *protocol.Locate:
		return fmt.Sprintf("LOCATE %s", asked(m.Name, m.Hash))
	case *protocol.Located:
		return "LOCATED" + peers(m.Peers, m.Cursor)
	case *protocol.List:
		return fmt.Sprintf("LIST %q", m.Pattern)
	case *protocol.Listed:
		return fmt.Sprintf("LISTED %d names%s", len(m.Items), peers(m.Peers, m.Cursor))
	case *protocol.Tree:
		return fmt.Sprintf("TREE %s from group %d", asked(m.Name, m.Hash), m.First)
	case *protocol.Outboard:
		return fmt.Sprintf("OUTBOARD %d groups from %d, %d bytes, content %.8s", m.Count, m.First, m.Size, m.Hash)
	case *protocol.Hashing:
		return fmt.Sprintf("HASHING %d of %d", m.Done, m.Size)
	case *protocol.Get:
		return fmt.Sprintf("GET %s %d at %d", asked(m.Name, m.Hash), m.Length, m.Offset)
	case *protocol.Content:
		return fmt.Sprintf("CONTENT %d at %d of %d, content %.8s", m.Length, m.Offset, m.Size, m.Hash)
	case *protocol.Error:
		return fmt.Sprintf("ERROR %s (%s)", m.Code, protocol.Printable(m.Text, 80))
	}
	return m.Kind().String()
}

// asked returns the file of a request as text.
func asked(name string, hash protocol.Hash) string {
	if hash.IsZero() {
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%q content %.8s", name, hash)
}

func peers(all []protocol.Peer, cursor []byte) (line string) {
	for i := range all {
		line += " " + all[i].Addr().String()
		if !all[i].Hash.IsZero() {
			line += fmt.Sprintf(" (content %.8s)", all[i].Hash)
		}
	}
	if cursor != nil {
		line += " and more"
	}
	return line
}
