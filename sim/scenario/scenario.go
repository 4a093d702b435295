package scenario

import (
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// Scenario determines a run completely.
type Scenario struct {
	Seed    uint64        // of the machines' random numbers and of the choices that faults leave open
	Heal    time.Duration // all faults end here, and the world converges
	Drain   time.Duration // how long a program that is stopped lets its machines finish; 0: roles.DrainTimeout
	Relay   Relay
	Nodes   []Node
	Clients int
	Behind  bool // the clients are behind one NAT, and have one address
	Ops     []Op
	Faults  []Fault
}

// Relay describes the relay.
type Relay struct {
	Drift    int // error of its clock in parts per million
	Lie      Lie
	Page     int  // nodes in a page at most; 0: the default
	Entries  int  // names that it keeps of one node; 0: the default
	Names    int  // names that it keeps of all nodes; 0: the default
	Forgets  bool // it keeps no mark of how many nodes it had: each start is as its first
	Lists    int  // answers to LIST that it has on their way at once; 0: the default
	Both     bool // it has an address of each family, under one name
	Plain    bool // links prove no ids
	Unproven bool // it hands nodes out without finding out whether they can be reached
	Circuits bool // clients reach nodes through it whom they cannot dial; never in plain
	Ways     int  // circuits that it makes at once; 0: the default
	Passes   int  // bytes that circuits of one client pass in a day; 0: the default
	Pace     int  // bytes a second of one circuit; 0: any number
	Closed   bool // it serves those alone who have an invite, as all nodes and clients do; never in plain
}

// Node describes a node: its id, its behavior, its files.
type Node struct {
	ID      int           // two nodes with one number share a node id
	Start   time.Duration // when it is switched on
	Drift   int           // error of its clock in parts per million
	Lie     Lie
	Quiet   bool // it does not publish its index
	Lone    bool // it runs on the relay's machine, and listens at the loopback address alone
	Walled  bool // nobody can connect to it, ever: it is behind a NAT
	Up      int  // bytes a second that all its connections together can send; 0: no bound
	Both    bool // it has an address of each family
	Uploads int  // bodies that it sends at once, and that wait for their turn at once, and one more; 0: the default
	Files   []File
}

// File is a file that exists from the start. Two files with the same content number and size are
// equal.
type File struct {
	Name    string
	Content int
	Size    uint64
}

// Op is an operation of a user. Package sim calls it an operation once it has begun.
type Op struct {
	At      time.Duration
	Do      Verb
	Who     string // c0, n0, relay
	Name    string // of the file, for fetch, read, mirror and locate; the pattern, for list
	Sources int    // for fetch: nodes at once; 0: one
	Pin     int    // for fetch, read and locate: the number of the only content that is accepted; 0: any
	Once    bool   // for fetch: delivered bytes cannot be taken back
	With    string // for pipeline: the node
}

// Verb is the kind of an operation.
type Verb string

// The verbs.
const (
	DoFetch    Verb = "fetch"    // a client fetches a file
	DoPipeline Verb = "pipeline" // a client fetches all small files that a node has from the start, over one link
	DoLocate   Verb = "locate"   // a client asks the relay who has a file
	DoList     Verb = "list"     // a client asks the relay for names
	DoGather   Verb = "gather"   // a client asks the relay for names, and fetches all these files
	DoRead     Verb = "read"     // a client opens a file, and reads it at several places
	DoMirror   Verb = "mirror"   // a node fetches a file, and shares it from then on
	DoAbort    Verb = "abort"    // a client's user interrupts everything that the client does
	DoStop     Verb = "stop"     // a node, or the relay, is stopped gracefully
	DoStart    Verb = "start"    // a stopped one is started again
)

var verbs = []Verb{DoFetch, DoPipeline, DoLocate, DoList, DoGather, DoRead, DoMirror, DoAbort, DoStop, DoStart}

// Fault is one thing that goes wrong. It begins at the time At, or after the event with the number
// Event if that is not zero. It lasts for the time For, and ends at the latest when the scenario
// heals.
type Fault struct {
	Class Class
	At    time.Duration
	Event int
	For   time.Duration
	Who   string
	With  string // the other host of a pair
	N     int    // a byte, milliseconds, a variant: see [Classes]
	Name  string // of a file, or of an attack
}

// A name and the number of a content that no scenario places.
const (
	MissingName    = "nobody/has.this"
	MissingContent = 999
)

// Patience returns how long a program that is stopped lets its machines finish.
func (s *Scenario) Patience() time.Duration {
	if s.Drain > 0 {
		return s.Drain
	}
	return roles.DrainTimeout
}

// Hostile reports whether a host breaks the protocol on purpose, or bits flip or rot. Only without
// these is it promised that no message is refused.
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

// AttacksRelay reports whether strangers register at the relay.
func (s *Scenario) AttacksRelay() bool {
	for i := range s.Faults {
		if f := &s.Faults[i]; f.Class == Attack && f.Who == "relay" {
			return true
		}
	}
	return false
}

// Gathers reports whether a client fetches many files at once.
func (s *Scenario) Gathers() bool {
	for i := range s.Ops {
		if s.Ops[i].Do == DoGather {
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
		if s.Ops[i].Do != DoList && s.Ops[i].Do != DoGather {
			note(s.Ops[i].Name)
		}
	}
	return names
}

// SizeOf returns the size of a content at its first placement.
func (s *Scenario) SizeOf(content int) uint64 {
	size, placed := s.sizeOf(content)
	if !placed {
		return 1
	}
	return size
}

func (s *Scenario) sizeOf(content int) (size uint64, placed bool) {
	for i := range s.Nodes {
		for _, f := range s.Nodes[i].Files {
			if f.Content == content {
				return f.Size, true
			}
		}
	}
	return 0, false
}

// NodeName returns the name of a node's host.
func NodeName(i int) string { return fmt.Sprintf("n%d", i) }

// ClientName returns the name of a client's host.
func ClientName(i int) string { return fmt.Sprintf("c%d", i) }
