package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// badlyNamed is a relay that names nodes badly, and a client that wants what nobody has.
func badlyNamed(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Relay.Lie, s.Relay.Page = seed, "bad-entries", 0
	s.Ops = []scenario.Op{{At: 5 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: scenario.MissingName}, {At: 6 * time.Second, Do: scenario.DoList, Who: "c0"}}
	return s
}

// endlessRelay is a relay whose pages never end.
func endlessRelay(seed uint64) *scenario.Scenario {
	s := badlyNamed(seed)
	s.Relay.Lie = "endless"
	return s
}

// hashingStory is a node that takes long to hash a file, of which clients want the content by its
// hash alone, the file by its name, and what nobody has by either.
func hashingStory(seed uint64) *scenario.Scenario {
	file := scenario.File{Name: "large", Content: 1, Size: 3 * group}
	s := &scenario.Scenario{
		Seed: seed, Heal: 60 * time.Second, Clients: 2, Relay: scenario.Relay{Page: int(seed % 3)},
		Nodes: []scenario.Node{{ID: 0, Files: []scenario.File{file, {Name: "small", Content: 2, Size: 9}}}, {ID: 1}},
	}
	at := 5*time.Second + time.Duration(seed)*100*time.Millisecond
	s.Ops = []scenario.Op{
		{At: at, Do: scenario.DoFetch, Who: "c0", Pin: 1, Sources: int(seed % 3)},
		{At: at, Do: scenario.DoFetch, Who: "c1", Name: "large", Pin: int(seed % 2)},
		{At: at + time.Second, Do: scenario.DoFetch, Who: "c0", Pin: scenario.MissingContent},
		{At: at + time.Second, Do: scenario.DoFetch, Who: "c1", Name: scenario.MissingName},
		{At: at + 40*time.Second, Do: scenario.DoFetch, Who: "c0", Pin: 1},
	}
	s.Faults = []scenario.Fault{{Class: scenario.SlowHash, For: 30 * time.Second, Who: "n0", N: 20000}}
	return s
}

// appearing is a node that gets a file, and later clients that want it.
func appearing(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Relay.Page = seed, int(seed%3)
	at := 10*time.Second + time.Duration(seed)*time.Second
	s.Heal = at + 20*time.Second
	s.Ops = []scenario.Op{{At: at + 4*time.Second, Do: scenario.DoFetch, Who: "c0", Name: "new"}, {At: at + time.Second, Do: scenario.DoFetch, Who: "c0", Name: "new"}}
	s.Faults = []scenario.Fault{{Class: scenario.FileAppear, At: at, Who: "n0", Name: "new"}}
	return s
}

// burst is a node that gets one file after the other.
func burst(seed uint64) *scenario.Scenario {
	s := appearing(seed)
	s.Ops = nil
	for i := range 2 * roles.PublishBurst {
		at, name := 10*time.Second+time.Duration(i)*(100+50*time.Duration(seed%8))*time.Millisecond, fmt.Sprint("new/", i)
		s.Faults = append(s.Faults, scenario.Fault{Class: scenario.FileAppear, At: at, Who: "n0", Name: name})
		s.Ops = append(s.Ops, scenario.Op{At: at + watchDelay + 1010*time.Millisecond, Do: scenario.DoFetch, Who: "c0", Name: name})
	}
	return s
}

// deafStory is the same at a node that nothing tells of changes.
func deafStory(seed uint64) *scenario.Scenario {
	s := appearing(seed)
	s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Deaf, At: 3 * time.Second, For: time.Minute, Who: "n0", N: 60000})
	return s
}

// opaqueStory is a file that cannot be read for a while.
func opaqueStory(seed uint64) *scenario.Scenario {
	s := appearing(seed)
	s.Nodes[0].Files = append(s.Nodes[0].Files, scenario.File{Name: "new", Content: 20, Size: 70})
	s.Faults = []scenario.Fault{{Class: scenario.Opaque, At: 3 * time.Second, For: time.Minute, Who: "n0", Name: "new", N: int(seed % 2)}}
	return s
}

// restlessStory is a walk of small pages during which nodes come to count as others than before: the
// relay has no room for what they publish.
func restlessStory(seed uint64) *scenario.Scenario {
	s := &scenario.Scenario{Seed: seed, Heal: 20 * time.Second, Clients: 1, Relay: scenario.Relay{Page: 1, Names: 1, Both: true}}
	wanted := scenario.File{Name: "deep/er/file", Content: 4, Size: 5}
	s.Nodes = []scenario.Node{{ID: 0, Files: []scenario.File{{Name: "notes.txt", Content: 3, Size: 5}}}, {ID: 1}, {ID: 2}, {ID: 3, Files: []scenario.File{wanted}}}
	s.Ops = []scenario.Op{{Do: scenario.DoFetch, Who: "c0", At: 4502*time.Millisecond + time.Duration(seed)*10*time.Millisecond, Name: wanted.Name, Pin: wanted.Content}}
	s.Faults = []scenario.Fault{
		{Class: scenario.Coalesce, For: 12 * time.Second, Who: "n0", N: 1500},
		{Class: scenario.Coalesce, For: 5 * time.Second, Who: "n3", N: 1500},
	}
	return s
}

// youngStory is a relay that restarts, or is killed, and clients that want what a node had that comes
// back late, and what nobody has.
func youngStory(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	at := 20*time.Second + time.Duration(seed)*100*time.Millisecond
	s.Seed, s.Relay.Page, s.Heal = seed, 1+int(seed%2), at+100*time.Second
	for i := range 2 {
		s.Nodes = append(s.Nodes, scenario.Node{ID: 2 + i, Quiet: i == 1, Start: time.Second})
	}
	class := [...]scenario.Class{scenario.Crash, scenario.Graceful, scenario.PowerLoss}[seed%3]
	s.Faults = []scenario.Fault{{Class: class, At: at, For: time.Second, Who: "relay"}}
	s.Ops = nil
	for i := range 6 {
		s.Ops = append(s.Ops, scenario.Op{At: at + time.Duration(2+7*i)*time.Second, Do: scenario.DoFetch, Who: "c0", Name: []string{"one", scenario.MissingName}[i%2]})
	}
	s.Ops = append(s.Ops, scenario.Op{At: at + 2*time.Second, Do: scenario.DoList, Who: "c0"})
	return s
}

// loneStory is a node that only the relay's machine reaches, with a file that another node has, and one
// that no other has; that one mirrors from the first, which reaches it.
func loneStory(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Relay.Page = seed, int(seed%3)
	s.Nodes[1].Lone, s.Nodes[1].Quiet = true, seed%4 == 3
	s.Ops = []scenario.Op{
		{At: 5 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "one"}, {At: 5 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "both"},
		{At: 5 * time.Second, Do: scenario.DoGather, Who: "c0"}, {At: 6 * time.Second, Do: scenario.DoMirror, Who: "n1", Name: "more"},
		{At: 7 * time.Second, Do: scenario.DoPipeline, Who: "c0", With: "n1"}, {At: 7 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: scenario.MissingName},
	}
	s.Nodes[0].Files = append(s.Nodes[0].Files, scenario.File{Name: "more", Content: 30, Size: 90})
	return s
}

// certainStories are stories of files, nodes and relays that are not known yet.
func certainStories() (all []*scenario.Scenario) {
	for seed := range uint64(12) {
		all = append(all, hashingStory(seed), appearing(seed), burst(seed), deafStory(seed), opaqueStory(seed), youngStory(seed), loneStory(seed), restlessStory(seed))
	}
	return all
}

// TestCertainMeansCertain holds the stories against the promises, S2 and S21 among them.
func TestCertainMeansCertain(t *testing.T) {
	for _, s := range certainStories() {
		if v := Run(s, Options{}).Violation; v != nil {
			t.Errorf("%v\n%s", v, s.Plan())
		}
	}
}
