package main

import (
	"bytes"
	"iter"
	"net/netip"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// all yields some things, without an error.
func all[T any](some []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range some {
			if !yield(one, nil) {
				return
			}
		}
	}
}

func TestListsAreColumnsForProgramsAndATableForPeople(t *testing.T) {
	found := all([]peer.Named{
		{Offer: client.Offer{Name: "a/x", Identity: client.Identity{Hash: protocol.Hash{2}, Size: 9}, Count: 5}, Contents: 2},
		{Offer: client.Offer{Name: "a/x", Count: 1}, Contents: 2},
		{Offer: client.Offer{Name: "b c.txt", Identity: client.Identity{Hash: protocol.Hash{0xab}, Size: 1536}, Count: 2}, Contents: 1},
	})
	var out bytes.Buffer
	if err := printList(&out, found, false); err != nil {
		t.Fatal(err)
	}
	zeros := strings.Repeat("0", 62)
	if expected := "a/x\t9\t02" + zeros + "\t5\t2\na/x\t0\t-\t1\t2\nb c.txt\t1536\tab" + zeros + "\t2\t1\n"; out.String() != expected {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	if err := printList(&out, found, true); err != nil {
		t.Fatal(err)
	}
	if expected := "" +
		"SIZE     NODES  HASH          NAME\n" +
		"9 bytes  5      020000000000  a/x  (1 of 2 contents)\n" +
		"0 bytes  1      -             a/x  (1 of 2 contents)\n" +
		"1.5 KiB  2      ab0000000000  b c.txt\n"; out.String() != expected {
		t.Errorf("\n%s", out.String())
	}
}

func TestWhoHasItIsToldWithWhoMayHaveIt(t *testing.T) {
	holders := []peer.Holder{
		{Node: client.Node{AddrPort: netip.MustParseAddrPort("127.0.0.1:4001")}, Identity: client.Identity{Hash: protocol.Hash{3}, Size: 2048}},
		{Node: client.Node{AddrPort: netip.MustParseAddrPort("127.0.0.1:4002")}},
	}
	var out bytes.Buffer
	if err := printWho(&out, all(holders), false); err != nil {
		t.Fatal(err)
	}
	if expected := "127.0.0.1:4001\t2048\t" + holders[0].Hash.String() + "\n127.0.0.1:4002\t-\t-\n"; out.String() != expected {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	if err := printWho(&out, all(holders), true); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "127.0.0.1:4001  2 KiB  03") || !strings.Contains(text, "127.0.0.1:4002         may have it") {
		t.Errorf("\n%s", text)
	}
}
