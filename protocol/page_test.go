package protocol

import (
	"bytes"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// Every page is written as the CBOR library writes it.
func TestPagesAreEncodedAsTheLibraryDoes(t *testing.T) {
	peer := rapid.Custom(func(t *rapid.T) Peer {
		host := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "IPv4")))
		if rapid.Bool().Draw(t, "long") {
			host = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "IPv6")))
		}
		p := PeerAt(netip.AddrPortFrom(host, rapid.Uint16().Draw(t, "port")))
		if rapid.Bool().Draw(t, "other family") {
			p.Also = rapid.SliceOfN(rapid.Byte(), 4, 16).Draw(t, "also")
		}
		if rapid.Bool().Draw(t, "proves itself") {
			p.ID, p.Circuit = PeerID(drawHash(t)), rapid.Uint8Range(0, 1).Draw(t, "circuit")
		}
		if rapid.Bool().Draw(t, "through the relay alone") {
			p.Host, p.Port, p.Also = nil, 0, nil
		}
		if rapid.Bool().Draw(t, "holder") {
			p.Hash, p.Size = drawHash(t), rapid.Uint64().Draw(t, "size")
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		m := &Located{
			Peers:  rapid.SliceOfN(peer, 0, 300).Draw(t, "peers"),
			Cursor: rapid.SliceOfN(rapid.Byte(), 0, CursorSize).Draw(t, "cursor"),
			Young:  rapid.Uint64().Draw(t, "young"), Withheld: rapid.Uint64Range(0, 2).Draw(t, "withheld"),
		}
		want, err := encMode.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got := encodePage(m); !bytes.Equal(got, want) {
			t.Fatalf("% x\nis not\n% x", got, want)
		}
	})
	for _, m := range []*Located{{}, {Peers: []Peer{}, Cursor: []byte{}}, {Peers: []Peer{{Size: 1}, {Hash: Hash{1}}, {}, {ID: PeerID{1}, Circuit: 1}, {Circuit: 1<<8 - 1}}}} {
		if want, err := encMode.Marshal(m); err != nil || !bytes.Equal(encodePage(m), want) {
			t.Errorf("% x is not % x, %v", encodePage(m), want, err)
		}
	}
	item := rapid.Custom(func(t *rapid.T) Item {
		one := Item{Name: rapid.String().Draw(t, "name"), Count: rapid.Uint64().Draw(t, "count")}
		if rapid.Bool().Draw(t, "known") {
			one.Hash, one.Size = drawHash(t), rapid.Uint64().Draw(t, "size")
		} else {
			one.Mark = Mark(rapid.IntRange(0, 2).Draw(t, "mark"))
		}
		one.Modified = rapid.SampledFrom([]uint64{0, 1, 1 << 30, MaxModified - 1}).Draw(t, "modified")
		one.Holders = rapid.SliceOfN(rapid.Uint64(), 0, MaxHolders).Draw(t, "holders")
		return one
	})
	rapid.Check(t, func(t *rapid.T) {
		few := func(name string) uint64 { return rapid.SampledFrom([]uint64{0, 1, 1 << 40}).Draw(t, name) }
		m := &Listed{
			Items: rapid.SliceOfN(item, 0, 30).Draw(t, "items"), Peers: rapid.SliceOfN(peer, 0, 30).Draw(t, "peers"),
			Cursor: rapid.SliceOfN(rapid.Byte(), 0, CursorSize).Draw(t, "cursor"),
			Young:  few("young"), Publishing: few("publishing"), Silent: few("silent"),
			Named: rapid.SliceOfN(peer, 0, MaxSilent).Draw(t, "named"),
		}
		want, err := encMode.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got := encodeList(m); !bytes.Equal(got, want) {
			t.Fatalf("% x\nis not\n% x", got, want)
		}
	})
	if want, err := encMode.Marshal(&Listed{}); err != nil || !bytes.Equal(encodeList(&Listed{}), want) {
		t.Errorf("% x is not % x, %v", encodeList(&Listed{}), want, err)
	}
}
