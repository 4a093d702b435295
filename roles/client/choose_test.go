package client_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// listed returns an offer of a content of 4 bytes that so many nodes have.
func listed(name string, content byte, count uint64, holders ...byte) client.Offer {
	is := client.Identity{Hash: protocol.Hash{content}, Size: 4}
	return client.Offer{Name: name, Identity: is, Count: count, Holders: ats(holders...)}
}

// TestAFileAndAFolderOfOneNameClash: more nodes decide, each of which publishes a name once, and on a tie the folder.
func TestAFileAndAFolderOfOneNameClash(t *testing.T) {
	for _, c := range []struct {
		names, picked string
		clashes       []client.Clash
	}{
		{"a b c", "a b c", nil},
		{"README readme x", "README readme x", nil}, // most disks can have both
		{"dir/A Dir/a", "Dir/a dir/A", nil},
		{"a a-b a/b a/c", "a-b a/b a/c", []client.Clash{{Name: "a", Other: "a/b", Kind: client.FolderNeeded}}},
		{"a a a-b a/b a/c", "a a-b", []client.Clash{{Name: "a/b", Other: "a", Kind: client.FileInTheWay}, {Name: "a/c", Other: "a", Kind: client.FileInTheWay}}},
		{"a a a/b a/c a/c a/c", "a/b a/c", []client.Clash{{Name: "a", Other: "a/b", Kind: client.FolderNeeded}}},
		{"a a/b a/b a/b/c", "a/b", []client.Clash{{Name: "a", Other: "a/b", Kind: client.FolderNeeded}, {Name: "a/b/c", Other: "a/b", Kind: client.FileInTheWay}}},
		{"a a a/b a/b/c", "a", []client.Clash{{Name: "a/b", Other: "a", Kind: client.FileInTheWay}, {Name: "a/b/c", Other: "a", Kind: client.FileInTheWay}}},
		{"a/b/c A", "A a/b/c", nil},
	} {
		var offers []client.Offer
		for i, name := range strings.Fields(c.names) {
			offers = append(offers, listed(name, byte(i+1), 1))
		}
		choice := client.Choose(offers)
		var picked []string
		for _, one := range choice.Picks {
			picked = append(picked, one.Name)
		}
		if got := strings.Join(picked, " "); got != c.picked || !slices.Equal(choice.Clashes, c.clashes) {
			t.Errorf("of %s: %s instead of %s; clashes: %v", c.names, got, c.picked, choice.Clashes)
		}
	}
}

func TestOfSeveralContentsTheOneThatMostNodesHaveIsPicked(t *testing.T) {
	choice := client.Choose([]client.Offer{
		listed("a", 1, 1), listed("a", 2, 3), listed("a", 3, 2),
		listed("b", 9, 1), listed("b", 8, 1),
		listed("c", 7, 1),
		listed("d", 6, 5), listed("d", 5, 1, 1), // nobody is named who has the first: it cannot be reached
	})
	var got []byte
	for _, one := range choice.Picks {
		got = append(got, one.Hash[0])
	}
	if !slices.Equal(got, []byte{2, 8, 7, 5}) {
		t.Fatalf("picked %v", got)
	}
	var variants []byte
	for _, of := range choice.Variants {
		variants = append(variants, of.Picked.Hash[0])
		for _, other := range of.Others {
			variants = append(variants, other.Hash[0])
		}
	}
	if !slices.Equal(variants, []byte{2, 3, 1, 8, 9, 5, 6}) {
		t.Errorf("variants: %v", variants)
	}
}

func TestOneContentHeardOfTwiceIsOneOffer(t *testing.T) {
	shorter := listed("b", 1, 5)
	shorter.Size = 3
	merged := client.Merge([]client.Offer{listed("a", 1, 1, 1), listed("b", 1, 1), listed("a", 1, 2, 1, 2), shorter})
	if len(merged) != 3 || merged[0].Count != 2 || len(merged[0].Holders) != 2 {
		t.Errorf("%v", merged)
	}
	if merged[1].Size != 3 || merged[2].Size != 4 { // one hash with two sizes: one is a lie
		t.Errorf("%v", merged)
	}
}

// TestWhatIsListedInOrderStaysAsItIs: a relay lists names in order, and most have one content.
func TestWhatIsListedInOrderStaysAsItIs(t *testing.T) {
	offers := []client.Offer{listed("a", 3, 1), listed("b", 2, 1), listed("c", 1, 1)}
	if merged := client.Merge(slices.Clone(offers)); len(merged) != 3 || merged[0].Name != "a" || merged[2].Name != "c" {
		t.Errorf("%v", merged)
	}
	twice := []client.Offer{listed("a", 1, 1), listed("b", 2, 1), listed("b", 3, 2)}
	if merged := client.Merge(twice); len(merged) != 3 || merged[1].Hash[0] != 3 {
		t.Errorf("%v", merged)
	}
}
