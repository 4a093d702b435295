package relay_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestTheWayToANodeIsTold, with what stands against a better one.
func TestTheWayToANodeIsTold(t *testing.T) {
	global, private := netip.MustParseAddr("8.7.6.5"), netip.MustParseAddr("10.1.2.3")
	for _, test := range []struct {
		name   string
		from   netip.Addr
		prove  bool
		change func(m *protocol.Register)
		reach  protocol.Reach // 0: no proof comes
		awaits bool
		plain  bool
		want   string
	}{
		{name: "it has answered", from: global, prove: true, reach: protocol.ReachDirect, want: "direct: "},
		{name: "at a private address", from: private, prove: true, reach: protocol.ReachDirect, want: "direct: private address"},
		{name: "at a private address, and it waits", from: private, prove: true, reach: protocol.ReachDirect, awaits: true,
			want: "direct: private address; others come through the relay"},
		{name: "nothing answers", from: global, prove: true, reach: protocol.ReachTimeout, want: "nowhere: timeout at 8.7.6.5:40123"},
		{name: "nothing listens", from: global, prove: true, reach: protocol.ReachRefused, want: "nowhere: refused at 8.7.6.5:40123"},
		{name: "nothing answers, and it waits", from: global, prove: true, reach: protocol.ReachTimeout, awaits: true, want: "circuit: timeout at 8.7.6.5:40123"},
		{name: "nothing answers, and it waits in plain", from: global, prove: true, reach: protocol.ReachTimeout, awaits: true, plain: true, want: "nowhere: timeout at 8.7.6.5:40123"},
		{name: "nobody knows yet", from: global, prove: true, want: "pending: "},
		{name: "nobody knows yet, and it waits", from: global, prove: true, awaits: true, want: "circuit: "},
		{name: "others come first", from: global, prove: true, reach: protocol.ReachQueued, want: "pending: queued at 8.7.6.5:40123"},
		{name: "nobody finds out", from: global, want: "unproven: "},
		{name: "nobody finds out about a private address", from: private, want: "unproven: private address"},
		{name: "it says where", from: global, prove: true, change: func(m *protocol.Register) { m.Advertise = protocol.IPOf(netip.MustParseAddr("198.51.100.1")) },
			want: "unproven: the address that it advertises"},
		{name: "it listens on loopback", from: global, prove: true, change: func(m *protocol.Register) { m.Listens = protocol.IPOf(netip.MustParseAddr("127.0.0.1")) },
			want: "nowhere: no address at which others could reach it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, at := relay.NewRegistry(relay.Policy{Prove: test.prove, AllowAdvertise: true}), roles.Moment{}
			from := relay.From{Peer: test.from, Local: netip.MustParseAddr("198.51.100.9"), ID: rolestest.Node(1)}
			if test.plain {
				from.ID = protocol.PeerID{}
			}
			m := &protocol.Register{ID: rolestest.Node(1), Epoch: 1, Port: 40123}
			if test.change != nil {
				test.change(m)
			}
			r.Register(at, from, m)
			if test.reach != 0 {
				r.Proved(at, relay.Proof{ID: m.ID, Epoch: 1, At: netip.AddrPortFrom(test.from, m.Port), Reach: test.reach})
			}
			if test.awaits {
				r.Awaits(at, m.ID, time.Minute)
			}
			page, _ := r.Nodes(at, nil, 2, everyNode)
			if len(page) != 1 || fmt.Sprintf("%s: %s", page[0].Way, page[0].Why) != test.want {
				t.Errorf("%+v, not %q", page, test.want)
			}
		})
	}
}

// TestANodesTimesAreTold: since when it has been listed without a gap, and when it was heard of last.
func TestANodesTimesAreTold(t *testing.T) {
	v := newViewer(relay.Policy{}, 1)
	tell := func(since, heard time.Duration) {
		t.Helper()
		page, _ := v.Nodes(v.at, nil, 1, everyNode)
		if len(page) != 1 || page[0].Left || page[0].Since != since || page[0].Heard != heard || page[0].Until != heard+roles.LeaseTTL {
			t.Errorf("%+v, not since %v, heard %v", page, since, heard)
		}
	}
	v.at.Now = 10 * time.Second
	v.join(1)
	tell(10*time.Second, 10*time.Second)
	v.at.Now += 30 * time.Second
	v.Renew(v.at, v.from(1), &protocol.Renew{ID: peerN(1), Epoch: v.epoch})
	tell(10*time.Second, 40*time.Second)
	v.at.Now += 30 * time.Second
	v.join(1) // it was started again
	tell(10*time.Second, 70*time.Second)
	v.at.Now += roles.LeaseTTL
	v.join(1) // after a gap
	tell(160*time.Second, 160*time.Second)
}

// TestAnIDThatIsNotProvenIsNotShown: in plain it is the secret with which its lease is changed. Its digest is the same
// on every page.
func TestAnIDThatIsNotProvenIsNotShown(t *testing.T) {
	v := newViewer(relay.Policy{}, 1)
	v.Register(v.at, relay.From{Peer: visitor.Addr()}, &protocol.Register{ID: rolestest.Node(1), Epoch: 1, Port: 1})
	listed, _ := v.Nodes(v.at, nil, 1, everyNode)
	v.Leave(v.at, &protocol.Leave{ID: rolestest.Node(1), Epoch: 1})
	left, _ := v.Nodes(v.at, nil, 1, everyNode)
	if len(listed) != 1 || len(left) != 1 || !left[0].Left || listed[0].ID != left[0].ID || !listed[0].Plain || !left[0].Plain ||
		listed[0].ID == rolestest.Node(1) || strings.Contains(fmt.Sprint(listed, left), fmt.Sprint(rolestest.Node(1))) {
		t.Errorf("%+v\n%+v", listed, left)
	}
	v.join(2)
	if page, _ := v.Nodes(v.at, nil, 1, everyNode); len(page) != 1 || page[0].Plain || page[0].ID != peerN(2) {
		t.Errorf("%+v", page)
	}
}

// TestAFilesDateIsTheOneThatWasPublishedLast, by a node that is listed, and each holder has its own.
func TestAFilesDateIsTheOneThatWasPublishedLast(t *testing.T) {
	v := newViewer(relay.Policy{}, 1)
	for node, date := range []uint64{100, 0, 300} {
		v.join(byte(node))
		v.Publish(v.at, &protocol.Publish{ID: peerN(byte(node)), Epoch: v.epoch, Index: 1, To: 1, Latest: 1,
			Changes: []protocol.Entry{{Name: "a", Hash: content(1), Modified: date}}})
	}
	dated := func(want uint64, holders ...uint64) {
		t.Helper()
		files, _ := v.Files(v.at, nil, 9, relay.NewSearch(""))
		page, _ := v.Holders(v.at, "a", protocol.Hash{}, nil, 9)
		var dates []uint64
		for _, h := range page {
			dates = append(dates, h.Modified)
		}
		if len(files) != 1 || files[0].Modified != want || fmt.Sprint(dates) != fmt.Sprint(holders) {
			t.Errorf("%+v, %v", files, dates)
		}
	}
	dated(300, 100, 0, 300)
	v.leave(2)
	dated(0, 100, 0)
}

// TestCountsAreOfWhatIsHeld, without what has lapsed or left.
func TestCountsAreOfWhatIsHeld(t *testing.T) {
	v := newViewer(relay.Policy{MaxLeases: 77, MaxIndex: 99}, 1)
	for node := range byte(5) {
		v.join(node + 1)
		if node > 0 {
			v.publish(node+1, int(node), "same", fmt.Sprint("other", node))
		}
	}
	v.leave(5)
	c := v.Counts(v.at.Now)
	if c.Leases != 4 || c.MaxLeases != 77 || c.Left != 1 || c.Publishing != 1 || c.Sources != 4 || c.Names != 6 || c.MaxNames != 99 || c.Bytes != 3*len("sameother1") {
		t.Errorf("%+v", c)
	}
	v.at.Now = roles.LeaseTTL
	if c := v.Counts(v.at.Now); c.Leases != 0 || c.Left != 5 || c.Names != 0 || c.Items != 0 {
		t.Errorf("when all have lapsed: %+v", c)
	}
	v.at.Now += roles.LastSeenKeep
	if c := v.Counts(v.at.Now); c.Left != 0 {
		t.Errorf("when they are forgotten: %+v", c)
	}
}

// TestNoSliceOfAnOverviewIsLong, whatever the registry holds: many leases that lapse at once, names with all the variants
// that there may be, contents that many nodes hold.
func TestNoSliceOfAnOverviewIsLong(t *testing.T) {
	const nodes, names, variants = 3000, 3000, 64
	v := newViewer(relay.Policy{MaxLeasesFrom: nodes}, 1)
	id := func(n int) protocol.PeerID { return protocol.PeerID{byte(n), byte(n >> 8), 1} }
	for n := range nodes {
		v.Register(v.at, relay.From{Peer: visitor.Addr(), ID: id(n)}, &protocol.Register{ID: id(n), Epoch: 1, Port: 1, Publishes: 1})
		m := &protocol.Publish{ID: id(n), Epoch: 1, Index: 1}
		m.Changes = append(m.Changes, protocol.Entry{Name: "same", Hash: content(1)})
		for one := range 100 {
			m.Changes = append(m.Changes, protocol.Entry{Name: fmt.Sprint("variants", one), Hash: content(n % variants)})
		}
		if n == 0 {
			for one := range names {
				m.Changes = append(m.Changes, protocol.Entry{Name: fmt.Sprint("name", one), Hash: protocol.Hash{1, byte(one), byte(one >> 8)}})
			}
		}
		m.To = uint64(len(m.Changes))
		m.Latest = m.To
		if answer := v.Publish(v.at, m); answer.Kind() != protocol.KindPublished {
			t.Fatal(rolestest.Say(answer))
		}
	}
	pages := map[string]func() int{
		"counts":  func() int { return v.Counts(v.at.Now).Leases },
		"nodes":   func() int { listed, left := v.walkNodes(500, everyNode, func() {}); return len(listed) + len(left) },
		"nobody":  func() int { v.walkNodes(500, func(*relay.Node) bool { return false }, func() {}); return 1 },
		"files":   func() int { return v.walkFiles(500, "") },
		"found":   func() int { return v.walkFiles(500, "same") },
		"pattern": func() int { return v.walkFiles(500, "**/*nothing*") + 1 },
		"holders": func() int { return v.walkHolders("same", protocol.Hash{}) },
		"content": func() int { return v.walkHolders("", content(1)) },
	}
	for name, page := range pages {
		v.longest = 0
		if page() == 0 || v.longest == 0 || v.longest > relay.SliceWork {
			t.Errorf("%s: %d looks in a slice", name, v.longest)
		}
	}
	v.at.Now = roles.LeaseTTL
	for _, name := range []string{"files", "holders", "nodes", "counts"} {
		v.longest = 0
		if pages[name](); v.longest == 0 || v.longest > relay.SliceWork {
			t.Errorf("%s, when all have lapsed: %d looks in a slice", name, v.longest)
		}
	}
}

// walkFiles returns how many files the pages of a search have.
func (v *viewer) walkFiles(limit int, search string) (count int) {
	for cursor := []byte(nil); ; {
		page, next := v.Files(v.at, cursor, limit, relay.NewSearch(search))
		if count += len(page); next == nil {
			return count
		}
		cursor = next
	}
}

// walkHolders returns how many holders the pages of a file have.
func (v *viewer) walkHolders(name string, hash protocol.Hash) (count int) {
	for cursor := []byte(nil); ; {
		page, next := v.Holders(v.at, name, hash, cursor, 500)
		if count += len(page); next == nil {
			return count
		}
		cursor = next
	}
}
