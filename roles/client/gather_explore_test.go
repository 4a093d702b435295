package client_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// gatherSubject is a Gather of what is offered.
func gatherSubject(grown int, offers ...client.Offer) rolestest.Subject {
	w := client.GatherRequest{Relay: relayAddress, Wanted: offers}
	subject := rolestest.NewSubject(client.GatherTable(), roles.Started{}, func() rolestest.Explorable { return client.NewGather(w) })
	rolestest.Within(&subject, client.PipelineTable())
	rolestest.Within(&subject, client.QueryTable())
	rolestest.Within(&subject, client.SourceTable())
	f := made(10, 1)
	subject.Says = []protocol.Message{
		f.content(0, 1), f.outboard(0), &protocol.Located{Peers: peers(1)}, &protocol.Located{},
		refusal(protocol.NotFound), refusal(protocol.Changed), refusal(protocol.Draining),
	}
	subject.Stores = []roles.Input{roles.StoreReady{}, roles.StoreFailed{Err: errors.New("no space")}}
	subject.Inspected = []roles.Input{roles.StoreInspected{}}
	subject.Grown, subject.Visits = grown, 1
	subject.Cells = slices.DeleteFunc(subject.Cells, func(cell string) bool { return strings.HasSuffix(cell, "/Dismissed") }) // patience_test.go
	return subject
}

func TestWhateverHappensToAGather(t *testing.T) {
	rolestest.Explore(t,
		gatherSubject(12, small("a", 1, 1), small("b", 2, 2, 1)),
		gatherSubject(16, client.Offer{Name: "a"}),
	)
}

// playing returns the nodes of a play: some of them are reached through the relay.
func playing(i int) client.Node {
	if i%3 == 2 || i == 4 {
		return behind(byte(i + 1))
	}
	return at(byte(i + 1))
}

// drawnNodes draws nodes and how they behave.
func drawnNodes(t *rapid.T) map[client.Node]*actor {
	nodes := map[client.Node]*actor{}
	for i := range rapid.IntRange(1, 5).Draw(t, "nodes") {
		n := &actor{files: map[string]file{}}
		switch rapid.IntRange(0, 9).Draw(t, "node") {
		case 0:
			n.gone = true
		case 1:
			n.silent = true
		case 2:
			n.dies = rapid.IntRange(1, 4).Draw(t, "dies")
		case 3:
			n.lies = true
		case 6:
			n.absent = rapid.IntRange(1, 3).Draw(t, "absent")
			n.shuns = n.absent > 1
		case 4, 5:
			n.busy = rapid.SampledFrom([]int{1, 2, 9, 100}).Draw(t, "busy")
			n.shuns = n.busy >= roles.MaxBusyVisits
		}
		nodes[playing(i)] = n
	}
	return nodes
}

// drawnOffer draws a file, and which nodes have it: still, or no more, or with another content.
func drawnOffer(t *rapid.T, name string, nodes map[client.Node]*actor) client.Offer {
	one := client.Offer{Name: name}
	size := rapid.SampledFrom([]uint64{10, 10, 10, 0, group, group + 1, 3 * group, 65 * group}).Draw(t, "size")
	f := made(size, rapid.ByteRange(1, 4).Draw(t, "content"))
	for j := range len(nodes) {
		node := playing(j)
		holds := rapid.IntRange(0, 4).Draw(t, "holds")
		switch holds {
		case 1:
			nodes[node].files[name] = made(20, 9)
		case 2, 3:
			nodes[node].files[name] = f
		}
		if holds < 4 {
			one.Holders = append(one.Holders, node)
		}
	}
	if rapid.IntRange(0, 5).Draw(t, "published") > 0 {
		one.Identity = f.Identity
	}
	return one
}

// drawnPlay draws nodes, what they have, how they and the disk behave, and what is wanted.
func drawnPlay(t *rapid.T) *play {
	nodes := drawnNodes(t)
	var offers []client.Offer
	for i := range rapid.IntRange(0, 12).Draw(t, "files") {
		offers = append(offers, drawnOffer(t, fmt.Sprintf("f%02d", i), nodes))
	}
	p := newPlay(t, client.GatherRequest{Wanted: offers, Sources: rapid.IntRange(0, 3).Draw(t, "sources")}, nodes)
	p.disk.receive, p.disk.commit = map[int]bool{}, map[int]bool{}
	if rapid.IntRange(0, 3).Draw(t, "disk") == 0 {
		p.disk.receive[rapid.IntRange(0, 20).Draw(t, "receive")] = true
		p.disk.commit[rapid.IntRange(0, 20).Draw(t, "commit")] = true
		p.disk.hangs = rapid.Bool().Draw(t, "hangs")
	}
	p.choose = func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "next") }
	return p
}

// TestEachNameOfAGatherHasOneFate, whatever nodes and disk do and in whatever order they answer: it
// is fetched and in its place, or the reason is told; and what an able node has is fetched.
func TestEachNameOfAGatherHasOneFate(t *testing.T) {
	rolestest.Check(t, 400, func(t *rapid.T) {
		p := drawnPlay(t)
		stops := rapid.SampledFrom([]int{0, 0, 0, 5, 30, 100}).Draw(t, "stops")
		steps := 0
		p.input = func(roles.Input) { steps++ }
		p.step(roles.Started{})
		for !p.g.Final() && p.next() {
			if steps == stops {
				p.step(roles.Stopped{})
			}
		}
		if !p.g.Final() {
			t.Fatalf("it stays in %s", p.g.State())
		}
		judge(t, p, stops == 0 || steps < stops)
	})
}

func judge(t *rapid.T, p *play, patient bool) {
	results := p.results()
	if len(results) != wantedNames(p) {
		t.Errorf("%d results for %d names", len(results), wantedNames(p))
	}
	able := len(p.disk.receive) == 0 && !p.disk.hangs && patient
	for name, r := range results {
		has := slices.ContainsFunc(slices.Collect(maps.Values(p.nodes)), func(n *actor) bool {
			_, has := n.files[name]
			return has && !n.gone && !n.silent && !n.lies && n.dies == 0 && !n.shuns
		})
		if able && has && r.Outcome != client.Fetched && r.Outcome != client.GivenUp {
			t.Errorf("%s could be had: %+v", name, r)
		}
		if r.Outcome == client.Interrupted && patient {
			t.Errorf("%s was not interrupted", name)
		}
	}
	fetchedIsPlaced(t, p)
	if p.most.pipelines > roles.MaxPipelines {
		t.Errorf("%d links of pipelines", p.most.pipelines)
	}
}

// wantedNames is how many names are wanted: those of the items that are no spares.
func wantedNames(p *play) int {
	names := map[string]bool{}
	for _, of := range p.g.Names() {
		for _, name := range of {
			names[name] = true
		}
	}
	return len(names)
}

// fetchedIsPlaced checks that what is reported as fetched has come, and has been put in its place.
func fetchedIsPlaced(t *rapid.T, p *play) {
	placed := map[int]bool{}
	for _, commit := range p.commits {
		for _, item := range commit.Items {
			if placed[item.Item] {
				t.Errorf("item %d is committed twice", item.Item)
			}
			placed[item.Item] = !p.disk.commit[item.Item] && !p.disk.hangs
		}
	}
	for _, outcome := range p.reports {
		if g, is := outcome.(client.Gathered); is && (g.Result.Outcome == client.Fetched) != placed[g.Item] {
			t.Errorf("item %d: %+v", g.Item, g.Result)
		}
	}
}
