// Package rolestest drives machines in tests. A [Story] gives one machine its inputs, line by line,
// and compares the effects; [Explore] gives it all inputs that could come.
package rolestest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
)

// Story is a test of one machine by a sequence of inputs.
type Story struct {
	Machine roles.Machine
	At      roles.Moment    // the time and random of the next step
	Reports []roles.Outcome // all outcomes so far

	t      testing.TB
	state  func() string
	alarms alarms
}

// New returns a story about a machine; state returns the machine's state.
func New[S ~string](t testing.TB, m roles.Machine, state func() S) *Story {
	return &Story{Machine: m, t: t, state: func() string { return string(state()) }}
}

// Tell gives the machine an input. The machine must then be in the state and have returned exactly
// these effects, each as [Describe] writes it, except for timers that are armed and disarmed; see
// Waits.
func (s *Story) Tell(in roles.Input, state string, effects ...string) {
	s.t.Helper()
	got := s.take(s.Machine.Step(s.At, in))
	if s.state() != state || strings.Join(got, "\n") != strings.Join(effects, "\n") {
		s.t.Fatalf("%s\nled to %s:\n  %s\nwant %s:\n  %s", show(in), s.state(), strings.Join(got, "\n  "), state, strings.Join(effects, "\n  "))
	}
}

// Hear gives the machine a message on a link.
func (s *Story) Hear(link roles.Link, m protocol.Message, state string, effects ...string) {
	s.t.Helper()
	s.Tell(roles.Heard{Link: link, Message: m}, state, effects...)
}

// Ring advances the time to the deadline that is due first and fires its timer.
func (s *Story) Ring(state string, effects ...string) {
	s.t.Helper()
	first := s.alarms.first()
	if first == nil {
		s.t.Fatalf("no deadline runs in %s", s.state())
	}
	due := *first
	s.alarms.disarm(due.Timer)
	s.At.Now = max(s.At.Now, due.at)
	s.Tell(roles.TimerFired{Timer: due.Timer, Number: due.Number}, state, effects...)
}

// Waits fails unless the deadline that is due first was armed with that time.
func (s *Story) Waits(want time.Duration) {
	s.t.Helper()
	if got := s.Wait(); got != want {
		s.t.Fatalf("the deadline of %s is %v, want %v", s.state(), got, want)
	}
}

// Wait returns how far away the deadline that is due first was when it was armed, or 0 without one.
func (s *Story) Wait() time.Duration {
	if first := s.alarms.first(); first != nil {
		return first.After
	}
	return 0
}

// take keeps the alarms and reports of a step and returns the lines of its effects.
func (s *Story) take(effects []roles.Effect) (lines []string) {
	for _, e := range effects {
		switch e := e.(type) {
		case roles.Arm:
			s.alarms.arm(s.At.Now, e)
		case roles.Disarm:
			s.alarms.disarm(e.Timer)
		case roles.Report:
			s.Reports = append(s.Reports, e.Outcome)
		}
		if line := Describe(e); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Describe writes an effect as a line, or as "" if it arms or disarms a timer.
func Describe(e roles.Effect) string {
	switch e := e.(type) {
	case roles.Arm, roles.Disarm:
		return ""
	case roles.Dial:
		return describeDial(e)
	case roles.Secure:
		return describeSecure(e)
	case roles.Send:
		line := fmt.Sprintf("send %d %s", e.Link, Say(e.Message))
		if e.Told {
			line += " told"
		}
		return line
	case roles.Hear:
		if e.First {
			return fmt.Sprintf("hear %d first", e.Link)
		}
		return fmt.Sprintf("hear %d", e.Link)
	case roles.SendBody:
		return fmt.Sprintf("send-body %d %d+%d", e.Link, e.Offset, e.Length)
	case roles.ReceiveBody:
		return fmt.Sprintf("receive-body %d %d+%d", e.Link, e.Offset, e.Length)
	case roles.OpenFile:
		line := "open-file " + e.Name
		if !e.Hash.IsZero() {
			line += fmt.Sprintf(" hash=%x", e.Hash[:1])
		}
		if e.Count > 0 {
			line += fmt.Sprintf(" %d+%d", e.First, e.Count)
		}
		return line
	case roles.AskTurn:
		return fmt.Sprintf("ask-turn %d", e.Length)
	case roles.EndTurn:
		return "end-turn"
	case roles.CheckFile:
		if e.Tree {
			return fmt.Sprintf("check-tree hash=%x %d+%d", e.Hash[:1], e.First, e.Count)
		}
		return fmt.Sprintf("check-file hash=%x %d+%d", e.Hash[:1], e.First, e.Count)
	case roles.OpenStore:
		return fmt.Sprintf("open-store %d %s hash=%x size=%d", e.Item, e.Name, e.Hash[:1], e.Size)
	case roles.InspectStore:
		return fmt.Sprintf("inspect-store %d %s", e.Item, e.Name)
	case roles.CommitStore:
		line := "commit-store"
		for _, item := range e.Items {
			line += fmt.Sprintf(" %d", item.Item)
		}
		return line
	case roles.FindToken:
		return "find-token " + e.Token.String()
	case roles.Admit:
		return fmt.Sprintf("admit %x by %s from %s", e.ID[:1], e.Token, e.From)
	case roles.Report:
		return strings.ToLower("report " + reflect.Indirect(reflect.ValueOf(e.Outcome)).Type().Name())
	default:
		return strings.ToLower(show(e))
	}
}

func describeDial(e roles.Dial) string {
	line := fmt.Sprintf("dial %d %s", e.Link, e.To)
	if e.Also != "" {
		line += " or " + e.Also
	}
	if e.Only != 0 {
		line += " over " + e.Only.String()
	}
	if e.Last.IsValid() {
		line += " last " + e.Last.String()
	}
	if !e.ID.IsZero() {
		line += fmt.Sprintf(" expects %x", e.ID[:1])
	}
	if e.Plain {
		line += " in plain"
	}
	return line
}

func describeSecure(e roles.Secure) string {
	line := fmt.Sprintf("secure %d", e.Link)
	if !e.ID.IsZero() {
		line += fmt.Sprintf(" expects %x", e.ID[:1])
	}
	if e.Accepts {
		line += " accepts"
	}
	return line
}

// show writes a small input or effect as its type's name and its values.
func show(v any) string {
	value := reflect.ValueOf(v)
	var b strings.Builder
	b.WriteString(value.Type().Name())
	for i := range value.NumField() {
		if m, is := value.Field(i).Interface().(protocol.Message); is {
			b.WriteString(" " + Say(m))
		} else {
			fmt.Fprintf(&b, " %v", value.Field(i))
		}
	}
	return b.String()
}

// Say writes a message as its kind and its fields that are not empty. It writes an ERROR as its
// code, party, retry time and epoch; a node id or a hash as its first byte; a list or a slice of a
// tree as its length.
func Say(m protocol.Message) string {
	if e, is := m.(*protocol.Error); is {
		line := fmt.Sprintf("ERROR %s by %s", e.Code, e.By)
		if e.Retry > 0 {
			line += fmt.Sprintf(" retry=%d", e.Retry)
		}
		if e.Epoch > 0 {
			line += fmt.Sprintf(" epoch=%d", e.Epoch)
		}
		return line
	}
	var b strings.Builder
	b.WriteString(m.Kind().String())
	fields := reflect.ValueOf(m).Elem()
	for i := range fields.NumField() {
		field, name := fields.Field(i), strings.ToLower(fields.Type().Field(i).Name)
		if field.IsZero() {
			continue
		}
		switch value := field.Interface().(type) {
		case protocol.PeerID:
			fmt.Fprintf(&b, " %s=%x", name, value[:1])
		case protocol.Hash:
			fmt.Fprintf(&b, " %s=%x", name, value[:1])
		case [protocol.SignatureSize]byte:
		case protocol.IP:
			fmt.Fprintf(&b, " %s=%s", name, value.Addr())
		case []byte:
			if name == "nodes" {
				fmt.Fprintf(&b, " %s=%d", name, len(value)/content.NodeSize)
				continue
			}
			fmt.Fprintf(&b, " %s=%x", name, value)
		case []protocol.Peer, []protocol.Item, []protocol.Entry:
			fmt.Fprintf(&b, " %s=%d", name, fields.Field(i).Len())
		default:
			fmt.Fprintf(&b, " %s=%v", name, value)
		}
	}
	return b.String()
}
