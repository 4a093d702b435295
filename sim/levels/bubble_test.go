package levels

import (
	"context"
	"flag"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/rolestest"
	"github.com/relaypeer/relaypeer/transport"
)

// fate is the way in which a node ends.
type fate int

const (
	stays fate = iota
	stops
	dies
)

// scene is the course of one bubble. It is drawn before anything runs.
type scene struct {
	Nodes   []scenicNode
	Fetches []scenicFetch
	Restart time.Duration // of the relay; 0: none
}

// names returns the names that are placed or asked for.
func (s scene) names() (all []string) {
	for _, name := range names {
		placed := slices.ContainsFunc(s.Nodes, func(n scenicNode) bool { _, has := n.Files[name]; return has })
		if placed || slices.ContainsFunc(s.Fetches, func(f scenicFetch) bool { return f.Name == name }) {
			all = append(all, name)
		}
	}
	return all
}

type scenicNode struct {
	Files map[string]scenicFile
	Quiet bool // it does not publish its index
	Fate  fate
	After time.Duration
}

type scenicFile struct{ Size, Variant int }

type scenicFetch struct {
	Name     string
	Sources  int
	After    time.Duration
	Patience time.Duration // until the user interrupts; 0: for ever
}

var names = []string{"a", "sub/b", "größe", "nowhere"}

func drawScene(t *rapid.T) scene {
	soon := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 40_000).Draw(t, "ms")) * time.Millisecond
	})
	sizes := rapid.SampledFrom([]int{0, 1, 100, 4096, 70_000, 100, 4096, protocol.GroupSize + 100})
	file := rapid.Custom(func(t *rapid.T) scenicFile {
		return scenicFile{sizes.Draw(t, "size"), rapid.IntRange(0, 1).Draw(t, "variant")}
	})
	node := rapid.Custom(func(t *rapid.T) scenicNode {
		files := rapid.MapOfN(rapid.SampledFrom(names[:3]), file, 0, 3).Draw(t, "files")
		return scenicNode{files, rapid.Bool().Draw(t, "quiet"), rapid.SampledFrom([]fate{stays, stays, stops, dies}).Draw(t, "fate"), soon.Draw(t, "after")}
	})
	fetch := rapid.Custom(func(t *rapid.T) scenicFetch {
		f := scenicFetch{Name: rapid.SampledFrom(names).Draw(t, "name"), Sources: rapid.IntRange(1, 3).Draw(t, "sources"), After: soon.Draw(t, "after")}
		if rapid.IntRange(0, 9).Draw(t, "impatient") == 9 {
			f.Patience = soon.Draw(t, "patience")
		}
		return f
	})
	s := scene{rapid.SliceOfN(node, 0, 4).Draw(t, "nodes"), rapid.SliceOfN(fetch, 1, 3).Draw(t, "fetches"), 0}
	if rapid.Bool().Draw(t, "restart") {
		s.Restart = soon.Draw(t, "restart after")
	}
	return s
}

// fetchBound is longer than any fetch may take: each node may use up the deadlines of one
// conversation.
func fetchBound(nodes int) time.Duration {
	one := roles.DialTimeout + 2*roles.ReplyTimeout + roles.ProgressTimeout + roles.CloseTimeout
	return time.Duration(nodes+2) * one
}

// play runs a scene. Phase 1 is as drawn, phase 2 has converged and is exact, phase 3 is a stop
// that leaves nothing.
func play(t failer, s scene, network transport.Network, p plant) {
	c := newCluster(t, network, p)
	for _, n := range s.Nodes {
		files := share{}
		for name, f := range n.Files {
			files[name] = text(f.Size, f.Variant)
		}
		c.join(files, !n.Quiet)
	}
	var acts sync.WaitGroup
	for i, n := range s.Nodes {
		acts.Go(func() { c.meet(c.nodes[i], n) })
	}
	for _, f := range s.Fetches {
		acts.Go(func() { c.want(f, len(s.Nodes)) })
	}
	if s.Restart > 0 {
		time.Sleep(s.Restart)
		c.relay.stop()
		c.relay.gone.Wait()
		c.openRelay(c.relayAt)
	}
	acts.Wait()
	for i, n := range s.Nodes {
		c.nodes[i].fate = n.Fate
	}
	// All leases of dead nodes lapse; all living nodes, which have been listed once, return within
	// one renewal.
	time.Sleep(roles.LeaseTTL + roles.RenewAfter + roles.RenewAfter/2)
	if listed, living := c.listed(), c.living(); !slices.Equal(listed, living) {
		c.Errorf("L2: listed are %v, alive %v", listed, living)
	}
	for _, name := range s.names() {
		r, got := c.fetch(context.Background(), name, 1)
		c.judge(name, r, got, true)
	}
	c.close()
	if listed := c.listed(); len(listed) > 0 {
		c.Errorf("C3: after all have left, listed are %v", listed)
	}
}

// meet ends a node as drawn.
func (c *cluster) meet(n *nodeProcess, s scenicNode) {
	if s.Fate == stays {
		return
	}
	time.Sleep(s.After)
	if s.Fate == dies {
		n.kill()
	} else {
		n.stop()
	}
	n.gone.Wait()
}

// want runs a fetch as drawn and checks the promises that hold under faults.
func (c *cluster) want(f scenicFetch, nodes int) {
	time.Sleep(f.After)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if f.Patience > 0 {
		defer time.AfterFunc(f.Patience, cancel).Stop()
	}
	began := time.Now()
	r, got := c.fetch(ctx, f.Name, f.Sources)
	c.judge(f.Name, r, got, false)
	if took := time.Since(began); took > fetchBound(nodes) {
		c.Errorf("L1: %q took %v among %d nodes", f.Name, took, nodes)
	}
}

// TestBubble runs random scenes on virtual time. The bubble itself reports goroutines that leak or
// block.
func TestBubble(t *testing.T) {
	p := plants[*planted]
	rolestest.Check(t, 500, func(t *rapid.T) {
		s := drawScene(t)
		t.Logf("%+v", s)
		rapid.SyncTest(t, func(t *rapid.T) { play(t, s, transport.NewMemory(), p) })
	})
}

// planted names the bug that a child process runs with.
var planted = flag.String("planted", "", "run with this bug")
