package sim

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// readWith returns a story of clients that read a large file at several places, with faults.
func readWith(lie scenario.Lie, faults ...scenario.Fault) func(seed uint64) *scenario.Scenario {
	return func(seed uint64) *scenario.Scenario {
		s := &scenario.Scenario{Seed: seed, Heal: 3 * time.Minute, Clients: 2, Faults: faults}
		for i := range 3 {
			s.Nodes = append(s.Nodes, scenario.Node{ID: i, Files: []scenario.File{{Name: "large", Content: 1, Size: 5*protocol.GroupSize + 7}}})
		}
		s.Nodes[0].Lie = lie
		s.Nodes[2].Files[0].Content = 2
		for i := range 4 {
			at := time.Duration(2+3*i) * time.Second
			s.Ops = append(s.Ops, scenario.Op{At: at, Do: scenario.DoRead, Who: scenario.ClientName(i % 2), Name: "large", Pin: i % 3})
		}
		s.Ops = append(s.Ops, scenario.Op{At: time.Minute, Do: scenario.DoRead, Who: "c0", Name: "../large"})
		return s
	}
}

// reads are the stories, by what happens.
var reads = map[string]func(seed uint64) *scenario.Scenario{
	"nothing":                  readWith(scenario.Honest),
	"a node dies":              readWith(scenario.Honest, scenario.Fault{Class: scenario.Crash, At: 4 * time.Second, For: 30 * time.Second, Who: "n0"}),
	"all nodes die":            readWith(scenario.Honest, scenario.Fault{Class: scenario.Crash, At: 4 * time.Second, For: time.Minute, Who: "n0"}, scenario.Fault{Class: scenario.Crash, At: 5 * time.Second, For: time.Minute, Who: "n1"}, scenario.Fault{Class: scenario.Crash, At: 5 * time.Second, For: time.Minute, Who: "n2"}),
	"the relay dies":           readWith(scenario.Honest, scenario.Fault{Class: scenario.Crash, At: 7 * time.Second, For: time.Minute, Who: "relay"}),
	"a file changes":           readWith(scenario.Honest, scenario.Fault{Class: scenario.FileReplace, At: 4 * time.Second, Who: "n0", Name: "large"}),
	"bits rot":                 readWith(scenario.Honest, scenario.Fault{Class: scenario.BitRot, At: 4 * time.Second, Who: "n0", Name: "large"}),
	"a client's store is full": readWith(scenario.Honest, scenario.Fault{Class: scenario.DiskFull, At: 4 * time.Second, For: time.Minute, Who: "c0", N: 100}),
	"a node is busy":           readFew,
	"the link is slow":         readWith(scenario.Honest, scenario.Fault{Class: scenario.Slow, Who: "n0", For: time.Minute, N: 20 << 20}, scenario.Fault{Class: scenario.Slow, Who: "n1", For: time.Minute, N: 20 << 20}),
	"it is full at the end":    readWith(scenario.Honest, scenario.Fault{Class: scenario.DiskFull, At: 4 * time.Second, For: time.Minute, Who: "c1", N: -1}),
}

// readStories returns the stories with many seeds, lies and moments of an interruption.
func readStories() (all []*scenario.Scenario) {
	for _, story := range reads {
		for seed := range uint64(20) {
			all = append(all, story(seed))
		}
	}
	for _, lie := range scenario.NodeLies {
		for seed := range uint64(5) {
			all = append(all, readWith(lie)(seed))
		}
	}
	for at := range 80 { // its user does not want to read any more
		s := readWith(scenario.Honest, scenario.Fault{Class: scenario.Slow, Who: "c0", For: 30 * time.Second, N: 1 << 20})(uint64(at))
		s.Ops = append(s.Ops, scenario.Op{At: 2*time.Second + time.Duration(at*at)*50*time.Microsecond, Do: scenario.DoAbort, Who: "c0"})
		all = append(all, s)
	}
	for at := range 40 { // nor while a node is busy
		s := readFew(uint64(at))
		s.Ops = append(s.Ops, scenario.Op{At: 2*time.Second + time.Duration(at)*100*time.Millisecond, Do: scenario.DoAbort, Who: "c0"})
		all = append(all, s)
	}
	for at := range 8 { // nor when nothing can be read, and links are closing
		s := readWith("lingers")(uint64(at))
		s.Nodes[1].Lie, s.Nodes[2].Lie = "lingers", "lingers"
		s.Ops = append(s.Ops, scenario.Op{At: 2*time.Second + time.Duration(at)*time.Second/2, Do: scenario.DoAbort, Who: "c0"})
		all = append(all, s)
	}
	return all
}

// TestFilesAreReadAtAnyPlace checks that the stories meet every row of a Reader's table.
func TestFilesAreReadAtAnyPlace(t *testing.T) {
	total := NewTally()
	for _, s := range readStories() {
		out := Run(s, Options{})
		total.Add(&out)
		if out.Violation != nil {
			t.Errorf("%v\n%s", out.Violation, s.Plan())
		}
	}
	for _, row := range tables[readerKind].rows {
		if total.coverage.Rows[row] == 0 {
			t.Errorf("never seen: %s", row)
		}
	}
	for _, counter := range []Counter{ReadInside, ReadAgain} {
		if total.coverage.Counters[counter] == 0 {
			t.Errorf("never seen: %s", counter)
		}
	}
}

// TestAReaderOfMixedContentsDies checks that the promise about reading is one that can be broken.
func TestAReaderOfMixedContentsDies(t *testing.T) {
	for _, bug := range contentBugs {
		if bug.name != "another content is pinned than is read" && !bug.plant.Blind {
			continue
		}
		kills := 0
		for seed := range uint64(20) {
			s := reads["bits rot"](seed)
			if v := Run(s, Options{Plant: &bug.plant}).Violation; v != nil && v.ID == S19 {
				kills++
			}
		}
		if kills == 0 {
			t.Errorf("%q survived", bug.name)
		}
	}
}
