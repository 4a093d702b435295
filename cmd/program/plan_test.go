package program

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
)

func hashNo(n byte) protocol.Hash { return protocol.Hash{n} }

func picked(p plan) (names []string) {
	for _, one := range p.picks {
		names = append(names, one.name)
	}
	return names
}

func TestNamesThatCannotLieSideBySideOnEveryDiskAreRefused(t *testing.T) {
	for _, c := range []struct{ names, kept, why string }{
		{"a b c", "a b c", ""},
		{"README readme x", "README x", `the same name as "README"`},
		{"Größe GRÖSSE", "GRÖSSE", `the same name as "GRÖSSE"`},
		{"dir/A Dir/a", "Dir/a", `the same name as "Dir/a"`},
		{"dir/A Dir/b", "Dir/b dir/A", ""},
		{"a a/b a/c", "a", `the file "a" is where its folder would have to be`},
		{"a/b/c A", "A", `the file "A" is where its folder would have to be`},
		{"A/b/c a", "A/b/c", `a folder has to be there, for "A/b/c"`},
		{"A/b/c a/B", "A/b/c", `a folder has to be there, for "A/b/c"`},
	} {
		var found []pick
		for i, name := range strings.Fields(c.names) {
			found = append(found, pick{name: name, hash: hashNo(byte(i + 1)), count: 1})
		}
		p := newPlan(found)
		if got := strings.Join(picked(p), " "); got != c.kept {
			t.Errorf("of %s: %s instead of %s", c.names, got, c.kept)
		}
		if len(p.picks)+len(p.refused) != len(found) {
			t.Errorf("of %s: %d picked, %d refused", c.names, len(p.picks), len(p.refused))
		}
		for _, r := range p.refused {
			if c.why == "" || !strings.Contains(r.why, c.why) {
				t.Errorf("of %s: %s refused: %s", c.names, r.name, r.why)
			}
		}
	}
}

func TestOfVariantsMostHoldersWin(t *testing.T) {
	found := []pick{
		{name: "a", hash: hashNo(1), count: 1}, {name: "a", hash: hashNo(2), count: 3}, {name: "a", hash: hashNo(3), count: 2},
		{name: "b", hash: hashNo(9), count: 1}, {name: "b", hash: hashNo(8), count: 1},
		{name: "c", hash: hashNo(7), count: 1},
	}
	p := newPlan(found)
	if len(p.picks) != 3 || p.picks[0].hash != hashNo(2) || p.picks[1].hash != hashNo(8) || p.picks[2].hash != hashNo(7) {
		t.Fatalf("picked %v", p.picks)
	}
	if len(p.variants) != 2 || !strings.HasPrefix(p.variants[0], `3 nodes have other content under the name "a": 03`) ||
		!strings.HasPrefix(p.variants[1], `1 node has other content under the name "b": 09`) {
		t.Errorf("told: %q", p.variants)
	}
}

func TestOneContentHeardOfTwiceIsOnePick(t *testing.T) {
	x, y := netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2")
	found := merge([]pick{
		{name: "a", hash: hashNo(1), count: 1, holders: []netip.AddrPort{x}},
		{name: "b", hash: hashNo(1), count: 1},
		{name: "a", hash: hashNo(1), count: 2, holders: []netip.AddrPort{x, y}},
	})
	if len(found) != 2 || found[0].count != 2 || len(found[0].holders) != 2 {
		t.Errorf("%v", found)
	}
}
