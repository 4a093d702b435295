package sim

import (
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/sim/scenario"
)

// resetOnce is a story in which nothing goes wrong but that one link to the only node that has a
// file is reset: as it opens, within the first answer, or within the content.
func resetOnce(seed uint64) *scenario.Scenario {
	c := scenario.NewSeeded(seed)
	pick := func(of ...int) int { return of[c.N(len(of), "of")] }
	s := &scenario.Scenario{Seed: seed, Heal: 130 * time.Second, Clients: 1, Nodes: []scenario.Node{{ID: 0}, {ID: 1, Quiet: c.N(2, "quiet") > 0}}}
	sizes := []int{1, 70000, group, 3*group + 5, 9*group + 5}
	for i, size := range sizes {
		s.Nodes[0].Files = append(s.Nodes[0].Files, scenario.File{Name: "large" + string(rune('0'+i)), Content: i + 1, Size: uint64(size)})
	}
	op := scenario.Op{At: 20 * time.Second, Who: "c0", Name: "large" + string(rune('0'+c.N(len(sizes), "file"))), Sources: pick(0, 2), Once: c.N(3, "once") == 0}
	op.Do = []scenario.Verb{scenario.DoFetch, scenario.DoFetch, scenario.DoGather, scenario.DoRead}[c.N(4, "verb")]
	if op.Do == scenario.DoGather {
		op.Name, op.Once = "", false
	}
	if op.Do == scenario.DoRead {
		op.Sources, op.Once = 0, false
	}
	s.Ops = []scenario.Op{op}
	s.Faults = []scenario.Fault{{Class: scenario.Reset, At: 19 * time.Second, Who: "c0", With: "n0", N: pick(0, 1, 70, 150, 200, 70000, group, group+200, 2*group+300, 4*group)}}
	return s
}

// resetAtRelay is a story in which nothing goes wrong but that one link of a client and one of a node
// to the relay are reset: as they open, within the question, or within the answer, which has several
// pages.
func resetAtRelay(seed uint64) *scenario.Scenario {
	s := resetOnce(seed)
	c := scenario.NewSeeded(seed ^ 0xabc)
	s.Relay.Page, s.Ops[0].Do = 1+c.N(2, "page"), []scenario.Verb{scenario.DoFetch, scenario.DoGather, scenario.DoRead, scenario.DoList, scenario.DoLocate}[c.N(5, "verb")]
	s.Ops[0].Sources, s.Ops[0].Once, s.Ops[0].Name = 0, false, "large1"
	if s.Ops[0].Do == scenario.DoList || s.Ops[0].Do == scenario.DoGather {
		s.Ops[0].Name = ""
	}
	client, node := &s.Faults[0], s.Faults[0]
	client.With, client.N = "relay", []int{0, 1, 20, 60, 100, 150, 250, 400}[c.N(8, "at")]
	node.Who, node.With, node.At, node.N = "n0", "relay", time.Duration(c.N(40, "when"))*time.Second, c.N(600, "byte")
	s.Faults = append(s.Faults, node)
	return s
}

// TestALinkThatIsResetOnceCostsNoFile runs many of these stories.
func TestALinkThatIsResetOnceCostsNoFile(t *testing.T) {
	for _, story := range []func(seed uint64) *scenario.Scenario{resetOnce, resetAtRelay} {
		resets := uint64(0)
		for seed := range uint64(300) {
			o := Run(story(seed), Options{Hasty: true})
			if o.Violation != nil {
				var why strings.Builder
				Explain(&why, story(seed), Options{Hasty: true}, "")
				t.Fatal(why.String())
			}
			resets += uint64(o.Coverage.Faults[scenario.Reset])
		}
		if resets < 150 {
			t.Errorf("only %d links were reset", resets)
		}
	}
}
