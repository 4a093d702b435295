package relay_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// numbered registers the n-th of many nodes and returns where it is listed.
func numbered(r *relay.Registry, n int, epoch uint64) netip.AddrPort {
	m := &protocol.Register{Epoch: epoch, Port: uint16(1 + n%60_000)}
	binary.BigEndian.PutUint32(m.ID[:], uint32(n)+1)
	host := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
	r.Register(roles.Moment{}, relay.From{Peer: host}, m)
	return netip.AddrPortFrom(host, m.Port)
}

func leaves(r *relay.Registry, n int) {
	m := &protocol.Leave{Epoch: 1 << 40}
	binary.BigEndian.PutUint32(m.ID[:], uint32(n)+1)
	r.Leave(roles.Moment{}, m)
}

func page(r *relay.Registry, random uint64, limit uint64, cursor []byte) *protocol.Located {
	return r.Locate(roles.Moment{Rand: random}, relay.From{}, &protocol.Locate{Limit: limit, Cursor: cursor}).(*protocol.Located)
}

// TestAWalkVisitsWhoStaysOnce: a node that is listed from the first page to the last is in exactly
// one of them, although others come and go between the pages.
func TestAWalkVisitsWhoStaysOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		registry, staying := relay.NewRegistry(relay.Policy{}), map[netip.AddrPort]int{}
		total := rapid.IntRange(1, 200).Draw(t, "nodes")
		goes := map[int]bool{}
		for n := range total {
			at := numbered(registry, n, 1)
			if goes[n] = rapid.IntRange(0, 3).Draw(t, "goes") == 0; !goes[n] {
				staying[at] = 0
			}
		}
		limit, newcomer := rapid.Uint64Range(1, 20).Draw(t, "limit"), total
		located := page(registry, rapid.Uint64().Draw(t, "random"), limit, nil)
		for pages := 0; ; pages++ {
			for _, p := range located.Peers {
				if _, stays := staying[p.Addr()]; stays {
					staying[p.Addr()]++
				}
			}
			if uint64(len(located.Peers)) > limit || pages > total {
				t.Fatalf("page %d has %d peers", pages, len(located.Peers))
			}
			if located.Cursor == nil {
				break
			}
			for range rapid.IntRange(0, 5).Draw(t, "changes") {
				if n := rapid.IntRange(0, total-1).Draw(t, "leaver"); goes[n] {
					leaves(registry, n)
				}
				numbered(registry, newcomer, 1)
				newcomer++
			}
			located = page(registry, rapid.Uint64().Draw(t, "random"), limit, located.Cursor)
		}
		for at, times := range staying {
			if times != 1 {
				t.Fatalf("%s was named %d times", at, times)
			}
		}
	})
}

func TestOrderIsDrawnAnew(t *testing.T) {
	registry, random := relay.NewRegistry(relay.Policy{}), rand.New(rand.NewPCG(1, 2))
	for n := range 10 {
		numbered(registry, n, 1)
	}
	first, orders := map[netip.AddrPort]int{}, map[string]bool{}
	for range 1000 {
		peers := page(registry, random.Uint64(), 0, nil).Peers
		first[peers[0].Addr()]++
		orders[fmt.Sprint(peers)] = true
	}
	for at, times := range first {
		if times < 50 || times > 150 {
			t.Errorf("%s came first %d times of 1000", at, times)
		}
	}
	if len(first) != 10 || len(orders) < 20 {
		t.Errorf("%d came first, in %d orders", len(first), len(orders))
	}
}

func TestPagesHaveTheirSize(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{})
	for n := range 2500 {
		numbered(registry, n, 1)
	}
	for limit, want := range map[uint64]int{0: roles.DefaultPage, 1: 1, 1000: 1000, 1001: 1000, 1<<64 - 1: 1000} {
		located := page(registry, 7, limit, nil)
		if len(located.Peers) != want || located.Cursor == nil {
			t.Errorf("limit %d gives %d peers, want %d", limit, len(located.Peers), want)
		}
		if frame := protocol.Append(nil, located); len(frame) > protocol.MaxList {
			t.Errorf("a page of %d bytes", len(frame))
		}
	}
}

// TestAnEmptyPageIsNotTheLast: where almost all nodes have left, a page is short rather than slow,
// and the walk still finds the remaining ones.
func TestAnEmptyPageIsNotTheLast(t *testing.T) {
	const crowd = 50_000
	registry := relay.NewRegistry(relay.Policy{})
	for n := range crowd {
		numbered(registry, n, 1)
	}
	for n := range crowd - 1 {
		leaves(registry, n)
	}
	found, pages := 0, 0
	for located := page(registry, 1, 0, nil); ; located = page(registry, 1, 0, located.Cursor) {
		found += len(located.Peers)
		if pages++; located.Cursor == nil || pages > 100 {
			break
		}
	}
	if found != 1 || pages < 2 || pages > 10 {
		t.Errorf("%d found in %d pages", found, pages)
	}
}

// TestACursorOfAnEarlierLifeBeginsANewWalk: a client that uses it after a restart meets all
// nodes.
func TestACursorOfAnEarlierLifeBeginsANewWalk(t *testing.T) {
	before, after := relay.NewRegistry(relay.Policy{}), relay.NewRegistry(relay.Policy{})
	for n := range 20 {
		numbered(before, n, 1)
		numbered(after, n, 1)
	}
	cursor := page(before, 0x1111_2222_3333_4444, 10, nil).Cursor
	met := map[netip.AddrPort]bool{}
	for located := page(after, 0x5555_6666_7777_8888, 7, cursor); ; located = page(after, 9, 7, located.Cursor) {
		for _, p := range located.Peers {
			met[p.Addr()] = true
		}
		if located.Cursor == nil {
			break
		}
	}
	if len(met) != 20 {
		t.Errorf("%d of 20 nodes were met", len(met))
	}
}

// TestHostileCursorsAreHarmless: a cursor that is made up or changed gives a page of listed nodes
// like any other.
func TestHostileCursorsAreHarmless(t *testing.T) {
	registry, listed := relay.NewRegistry(relay.Policy{}), []netip.AddrPort{}
	for n := range 30 {
		listed = append(listed, numbered(registry, n, 1))
	}
	good := page(registry, 5, 3, nil).Cursor
	rapid.Check(t, func(t *rapid.T) {
		cursor := slices.Clone(good)
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			cursor[rapid.IntRange(0, len(cursor)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		if rapid.Bool().Draw(t, "made up") {
			cursor = rapid.SliceOfN(rapid.Byte(), 1, protocol.CursorSize).Draw(t, "cursor")
		}
		located := page(registry, rapid.Uint64().Draw(t, "random"), 1000, cursor)
		for _, p := range located.Peers {
			if !slices.Contains(listed, p.Addr()) {
				t.Fatalf("%s is not listed", p.Addr())
			}
		}
		protocol.Append(nil, located) // a message that can be sent
	})
}

// TestAMadeUpCursorOfAListComesToAnEnd: whatever it says, the pages that follow are of names that
// there are.
func TestAMadeUpCursorOfAListComesToAnEnd(t *testing.T) {
	d := publishing(t, relay.Policy{})
	d.accepts(d.page(0, 20), 20)
	rapid.Check(t, func(t *rapid.T) {
		m := &protocol.List{Limit: 3, Cursor: rapid.SliceOfN(rapid.Byte(), 1, protocol.CursorSize).Draw(t, "cursor")}
		if rapid.Bool().Draw(t, "of the relay, changed") {
			m.Cursor = slices.Clone(d.List(d.at, relay.From{}, &protocol.List{Limit: 3}).(*protocol.Listed).Cursor)
			m.Cursor[rapid.IntRange(0, len(m.Cursor)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		for pages := 0; ; pages++ {
			listed := d.List(d.at, relay.From{}, m).(*protocol.Listed)
			if m.Cursor = listed.Cursor; m.Cursor == nil {
				return
			}
			if pages > 20 {
				t.Fatal("the list does not end")
			}
		}
	})
}

func TestAnEmptyRelayAnswersAnyCursor(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{})
	for _, cursor := range [][]byte{nil, {1}, make([]byte, 20), make([]byte, 64)} {
		if located := page(registry, 1, 0, cursor); len(located.Peers) != 0 || located.Cursor != nil {
			t.Errorf("cursor %x: %v", cursor, located)
		}
	}
}

// publishesNothing publishes an empty index for the n-th node.
func publishesNothing(r *relay.Registry, n int) {
	m := &protocol.Publish{Epoch: 1, Index: 1}
	binary.BigEndian.PutUint32(m.ID[:], uint32(n)+1)
	r.Publish(roles.Moment{}, m)
}

// TestWhoAllMayHaveAFileIsFoundAtOnceAgain: after a restart a node may have any file until it has
// published again. Once most nodes have, one page holds the remaining ones, and a walk that is
// under way meanwhile misses none of them.
func TestWhoAllMayHaveAFileIsFoundAtOnceAgain(t *testing.T) {
	const nodes, quiet = 40_000, 20
	registry, staying := relay.NewRegistry(relay.Policy{}), map[netip.AddrPort]int{}
	for n := range nodes {
		if at := numbered(registry, n, 1); n%(nodes/quiet) == 7 {
			staying[at] = 0
		}
	}
	look := func(cursor []byte) *protocol.Located {
		m := &protocol.Locate{Name: "file", Limit: protocol.MaxPage, Cursor: cursor}
		located := registry.Locate(roles.Moment{Rand: 5}, relay.From{}, m).(*protocol.Located)
		for _, p := range located.Peers {
			if _, stays := staying[p.Addr()]; stays {
				staying[p.Addr()]++
			}
		}
		return located
	}
	under := look(nil)
	for n := range nodes {
		if n%(nodes/quiet) != 7 {
			publishesNothing(registry, n)
		}
	}
	pages := 0
	for ; under.Cursor != nil && pages < 10; pages++ {
		under = look(under.Cursor)
	}
	for at, times := range staying {
		if times == 0 {
			t.Errorf("%v was in no page", at)
		}
	}
	if pages > 1 {
		t.Errorf("the walk went on for %d pages", pages)
	}
	if now := look(nil); len(now.Peers) != quiet || now.Cursor != nil {
		t.Errorf("%d nodes may have the file, and a cursor of %d bytes", len(now.Peers), len(now.Cursor))
	}
}
