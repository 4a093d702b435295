package client_test

import (
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// lonely is a Source with what its owner does for it: the store is opened when the first Updated comes, and another
// source brings all that is missing when a StoreReady comes. When a StoreInspected comes others wait for their turn.
type lonely struct {
	*client.Source
	picker *client.Picker
	open   bool
}

func (l *lonely) Step(at roles.Moment, in roles.Input) []roles.Effect {
	is, known := l.picker.Identity()
	switch in.(type) {
	case roles.Updated:
		if known && !l.open {
			l.picker.Open(nil)
			l.open = true
		}
	case roles.StoreReady:
		for g := range protocol.Groups(is.Size) {
			l.picker.Got(g)
		}
		in = roles.Updated{}
	case roles.StoreInspected:
		return client.Dismiss(l.Source, at)
	}
	return l.Source.Step(at, in)
}

func newLonely(node client.Node, f file) *lonely {
	picker := client.NewPicker("a.txt", protocol.Hash{})
	picker.Fix(f.Identity)
	return &lonely{Source: client.NewSource(1, node, picker), picker: picker}
}

func sourceSubject(f file) rolestest.Subject {
	subject := rolestest.NewSubject(client.SourceTable(), roles.Started{}, func() rolestest.Explorable { return newLonely(at(1), f) })
	forged, other := f.outboard(0), made(10, 2)
	forged.Nodes = forged.Nodes[1:]
	subject.Says = []protocol.Message{
		f.outboard(0), other.outboard(0), forged, f.content(0, 1), f.content(1, 1), f.content(2, 2), f.content(2, 1), f.content(4, 4),
		other.content(0, 1), &protocol.Hashing{Done: roles.MinProgress, Size: 1 << 20}, &protocol.Hashing{Size: 1 << 20},
		refusal(protocol.Changed), refusal(protocol.NotFound),
	}
	subject.Others = []roles.Input{roles.Updated{}, roles.StoreReady{}, roles.StoreInspected{}}
	subject.Cells = slices.DeleteFunc(subject.Cells, func(cell string) bool { // they have tests of their own
		return slices.Contains([]string{
			"Holding/TreeWanted", "Receiving/Relieved", "Holding/TooFewBytesLeft", "Asking/CONTENT, other content",
			"Dialing/Opened, no tree needed", "Relaying/Opened, no tree needed", "Asking/CONTENT, first word of it", "Asking/ERROR, not that content",
		}, cell)
	})
	return subject
}

func TestWhateverHappensToASource(t *testing.T) {
	rolestest.Explore(t, sourceSubject(made(11*group+5, 1)), sourceSubject(made(group+5, 1)), relayedSourceSubject(made(group+5, 1)))
}
