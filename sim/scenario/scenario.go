package scenario

import (
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// Scenario is all that a run depends on.
type Scenario struct {
	Seed    uint64        // of the machines' luck and of what the faults leave open
	Heal    time.Duration // when all faults end and settling begins
	Drain   time.Duration // how long a program that stops waits for what is running; 0: roles.DrainTimeout
	Relay   Relay
	Nodes   []Node
	Clients int
	Ops     []Op
	Faults  []Fault
}

// Relay is how the relay behaves.
type Relay struct {
	Drift   int // its clock's error in parts per million
	Lie     Lie
	Page    int // nodes in a page at most; 0: as many as the protocol has it
	Entries int // names that it keeps of one node; 0: as many as the protocol has it
}

// Node is a node: who it says it is, how it behaves, what it shares.
type Node struct {
	ID    int           // two nodes with one number have one node id
	Start time.Duration // when it is switched on
	Drift int           // its clock's error in parts per million
	Lie   Lie
	Quiet bool // it does not publish its index
	Up    int  // bytes a second that all its connections together can send; 0: no bound
	Files []File
}

// File is a file that is there from the start. Two with one content number and size are equal.
type File struct {
	Name    string
	Content int
	Size    uint64
}

// Op is something that a user does.
type Op struct {
	At      time.Duration
	Do      Verb
	Who     string // c0, n0, relay
	Name    string // of the file, for fetch, mirror and locate; the pattern, for list
	Sources int    // for fetch: nodes at once; 0: one
	Pin     int    // for fetch and locate: the number of the only content that will do; 0: any
	Once    bool   // for fetch: what was delivered can't be taken back
	With    string // for pipeline: the node
}

// Verb is what a user can do.
type Verb string

// The verbs.
const (
	DoFetch    Verb = "fetch"    // a client fetches a file
	DoPipeline Verb = "pipeline" // a client fetches all small files that a node was given at the start, over one link
	DoLocate   Verb = "locate"   // a client asks the relay who has a file
	DoList     Verb = "list"     // a client asks the relay for names
	DoMirror   Verb = "mirror"   // a node fetches a file, and shares it from then on
	DoAbort    Verb = "abort"    // a client's user loses patience: all that it does is told to stop
	DoStop     Verb = "stop"     // a node, or the relay, is stopped gracefully
	DoStart    Verb = "start"    // and started again
)

// Fault is something that goes wrong. It begins At a time, or after the event with number Event when that is above
// zero, and lasts For a time, at most until the scenario heals.
type Fault struct {
	Class Class
	At    time.Duration
	Event int
	For   time.Duration
	Who   string
	With  string // the other end, where two hosts are concerned
	N     int    // a byte, a number of milliseconds, a kind: see [Classes]
	Name  string // of a file
}

// What no scenario places: a name, and the number of a content.
const (
	MissingName    = "nobody/has.this"
	MissingContent = 999
)

// Patience returns how long a program that stops waits for what is running.
func (s *Scenario) Patience() time.Duration {
	if s.Drain > 0 {
		return s.Drain
	}
	return roles.DrainTimeout
}

// Hostile reports whether somebody in the scenario breaks the protocol on purpose, or bits flip or rot: then nobody
// promises that no message is refused.
func (s *Scenario) Hostile() bool {
	if s.Relay.Lie != Honest {
		return true
	}
	for i := range s.Nodes {
		if s.Nodes[i].Lie != Honest {
			return true
		}
	}
	for i := range s.Faults {
		if c := s.Faults[i].Class; c == BitFlip || c == BitRot || c == Attack {
			return true
		}
	}
	return false
}

// Names returns the names of all files in the scenario, each once, in order of appearance.
func (s *Scenario) Names() []string {
	var names []string
	seen := map[string]bool{}
	note := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for i := range s.Nodes {
		for j := range s.Nodes[i].Files {
			note(s.Nodes[i].Files[j].Name)
		}
	}
	for i := range s.Ops {
		if s.Ops[i].Do != DoList {
			note(s.Ops[i].Name)
		}
	}
	return names
}

// SizeOf returns the size that a content has where it is placed first.
func (s *Scenario) SizeOf(content int) uint64 {
	for i := range s.Nodes {
		for _, f := range s.Nodes[i].Files {
			if f.Content == content {
				return f.Size
			}
		}
	}
	return 1
}

// NodeName returns the name of a node's host.
func NodeName(i int) string { return fmt.Sprintf("n%d", i) }

// ClientName returns the name of a client's host.
func ClientName(i int) string { return fmt.Sprintf("c%d", i) }
