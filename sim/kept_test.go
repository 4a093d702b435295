package sim

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// kept is a story of clients that want what eight liars and one honest node have: one file, strictly from one node after
// the other and from several, in order, at any place, and all files.
func kept(lie scenario.Lie) func(seed uint64) *scenario.Scenario {
	return func(seed uint64) *scenario.Scenario {
		s := &scenario.Scenario{Seed: seed, Heal: 10 * time.Minute, Clients: 5}
		for i := range roles.MaxBeside + 1 {
			s.Nodes = append(s.Nodes, scenario.Node{ID: i, Lie: lie, Files: []scenario.File{
				{Name: "large", Content: 1, Size: (roles.ManyGroups + 1) * group}, {Name: "small", Content: 2, Size: group / 2}, {Name: "tiny", Content: 3, Size: 90_000},
			}})
		}
		s.Nodes[seed%uint64(len(s.Nodes))].Lie = scenario.Honest
		at := 6 * time.Second
		s.Ops = []scenario.Op{
			{At: at, Do: scenario.DoFetch, Who: "c0", Name: "small", Sources: 1}, {At: at, Do: scenario.DoFetch, Who: "c1", Name: "small", Sources: 4},
			{At: at, Do: scenario.DoFetch, Who: "c2", Name: "large", Sources: 4, Once: seed%2 == 0}, {At: at, Do: scenario.DoRead, Who: "c3", Name: "small"},
			{At: at, Do: scenario.DoGather, Who: "c4", Sources: 2},
		}
		return s
	}
}

// keptStories are these, with each lie and several seeds.
func keptStories() (all []*scenario.Scenario) {
	for _, lie := range []scenario.Lie{"hash-forever", "trickle"} {
		for seed := range uint64(9) {
			all = append(all, kept(lie)(seed))
		}
	}
	return all
}

// TestNobodyIsKeptFromANodeThatDelivers holds the stories against the promises, L7 among them.
func TestNobodyIsKeptFromANodeThatDelivers(t *testing.T) {
	for _, s := range keptStories() {
		if v := Run(s, Options{}).Violation; v != nil {
			t.Errorf("%v\n%s", v, s.Plan())
		}
	}
}

// patient are bugs of clients that wait for a slow node as long as it says that it gets on.
var patient = []planted{
	{"a fetch is kept by nodes that hash for ever", lull(fetchKind), []ID{L1, L7}, "nodes that hash for ever", "", kept("hash-forever")},
	{"a fetch is kept by nodes that trickle", lull(fetchKind), []ID{L1, L7}, "nodes that trickle", "", kept("trickle")},
	{"a reader is kept by nodes that trickle", lull(readerKind), []ID{L1, L7}, "nodes that trickle", "", kept("trickle")},
	{"many files are kept by nodes that hash for ever", lull(gatherKind), []ID{L1, L7}, "nodes that hash for ever", "", kept("hash-forever")},
}

// lulled is a machine to which time stands still until a node says that it gets on.
type lulled struct {
	roles.Machine
	last, lost time.Duration
}

func (l *lulled) Step(at roles.Moment, in roles.Input) []roles.Effect {
	getsOn := false
	switch in := in.(type) {
	case roles.Heard:
		_, getsOn = in.Message.(*protocol.Hashing)
	case roles.Moved:
		getsOn = true
	}
	if getsOn {
		l.lost += at.Now - l.last
	}
	l.last = at.Now
	at.Now -= l.lost
	return l.Machine.Step(at, in)
}

// lull plants a lulled machine.
func lull(kind machineKind) Plant {
	return Plant{Machine: func(k machineKind, m roles.Machine) roles.Machine {
		if k != kind {
			return m
		}
		return &lulled{Machine: m}
	}}
}
