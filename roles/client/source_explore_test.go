package client_test

import (
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/story"
)

// lonely is a Source with what its owner does for it: the store is opened when the first Nudged comes, and another
// source brings all that is missing when a StoreReady comes.
type lonely struct {
	*client.Source
	plan *client.Plan
	open bool
}

func (l *lonely) Step(at roles.Moment, in roles.Input) []roles.Effect {
	is, known := l.plan.Identity()
	switch in.(type) {
	case roles.Nudged:
		if known && !l.open {
			l.plan.Open(nil)
			l.open = true
		}
	case roles.StoreReady:
		for g := range protocol.Groups(is.Size) {
			l.plan.Got(g)
		}
		in = roles.Nudged{}
	}
	return l.Source.Step(at, in)
}

func TestWhateverHappensToASource(t *testing.T) {
	var subjects []story.Subject
	other := made(10, 2)
	for _, size := range []uint64{11*group + 5, group + 5} {
		f := made(size, 1)
		subject := story.NewSubject(client.SourceTable, roles.Started{}, func() story.Explorable {
			plan := client.NewPlan("a.txt", protocol.Hash{})
			plan.Fix(f.Identity)
			return &lonely{Source: client.NewSource(1, at(1), plan), plan: plan}
		})
		forged := f.outboard(0)
		forged.Nodes = forged.Nodes[1:]
		subject.Says = []protocol.Message{
			f.outboard(0), other.outboard(0), forged, f.content(0, 1), f.content(1, 1), f.content(2, 2), f.content(2, 1), f.content(4, 4),
			other.content(0, 1), &protocol.Hashing{Done: protocol.MinProgress, Size: 1 << 20}, &protocol.Hashing{Size: 1 << 20},
			refusal(protocol.Changed), refusal(protocol.NotFound),
		}
		subject.Others = []roles.Input{roles.Nudged{}, roles.StoreReady{}}
		subject.Cells = slices.DeleteFunc(subject.Cells, func(cell string) bool { return cell == "Holding/TreeWanted" }) // its own test is below
		subjects = append(subjects, subject)
	}
	story.Explore(t, subjects...)
}
