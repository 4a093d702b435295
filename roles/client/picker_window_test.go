package client_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestAWindowMovesWhateverIsOnItsWay has the window of a picker move while one source takes,
// delivers and vanishes. No group outside of the window is handed out, none twice while it is
// awaited, and each window is had in the end.
func TestAWindowMovesWhateverIsOnItsWay(t *testing.T) {
	rolestest.Check(t, 2000, func(t *rapid.T) {
		const groups = 2 * protocol.MaxGroups
		p := client.NewPicker("a.txt", protocol.Hash{})
		p.Fix(client.Identity{Hash: rolestest.Hash(1), Size: groups * group})
		var window client.Range
		var claims []client.Range
		awaited := map[uint64]bool{}
		in := func(g uint64) bool { return g >= window.First && g-window.First < window.Count }
		take := func(t *rapid.T, window uint64) bool {
			taken, ok := p.Take(1, client.Pace{Window: window}, 0)
			for g := taken.First; ok && g < taken.First+taken.Count; g++ {
				if !in(g) || awaited[g] {
					t.Fatalf("group %d was handed out: in %v: %t, awaited: %t", g, window, in(g), awaited[g])
				}
				awaited[g] = true
			}
			if ok {
				claims = append(claims, taken)
			}
			return ok
		}
		deliver := func() {
			for g := claims[0].First; g < claims[0].First+claims[0].Count; g++ {
				p.Got(g)
				delete(awaited, g)
			}
			p.Finish(1, claims[0])
			claims = claims[1:]
		}
		t.Repeat(map[string]func(*rapid.T){
			"window": func(t *rapid.T) {
				window = client.Range{
					First: rapid.SampledFrom([]uint64{0, 1, 2, protocol.MaxGroups - 2, protocol.MaxGroups, groups - 1}).Draw(t, "first"),
					Count: rapid.Uint64Range(1, 3).Draw(t, "count"),
				}
				window.Count = min(window.Count, groups-window.First)
				p.Window(window, nil)
			},
			"take": func(t *rapid.T) { take(t, rapid.Uint64Range(1, 16).Draw(t, "window")) },
			"deliver": func(t *rapid.T) {
				if len(claims) > 0 {
					deliver()
				}
			},
			"vanish": func(*rapid.T) {
				p.Drop(1)
				claims, awaited = nil, map[uint64]bool{}
			},
		})
		for !p.Done() && window.Count > 0 {
			if len(claims) > 0 {
				deliver()
			} else if !take(t, 4) {
				t.Fatalf("of %v some is missing, and nothing is handed out", window)
			}
		}
	})
}
