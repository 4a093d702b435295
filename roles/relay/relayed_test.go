package relay_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// registers registers a node over a link that has proven its id, and tells what was found out about its address.
func registers(t *testing.T, r *relay.Registry, n byte, host string, reach protocol.Reach) *protocol.Registered {
	t.Helper()
	id, addr := rolestest.Node(n), netip.MustParseAddr(host)
	answer := r.Register(roles.Moment{}, relay.From{Peer: addr, ID: id}, &protocol.Register{ID: id, Epoch: 1, Port: 4000})
	granted, is := answer.(*protocol.Registered)
	if !is {
		t.Fatal(rolestest.Say(answer))
	}
	if reach != 0 {
		r.Proved(roles.Moment{}, relay.Proof{ID: id, Epoch: 1, At: netip.AddrPortFrom(addr, 4000), Reach: reach})
	}
	return granted
}

// TestWhoIsToldToAwait: a node with a proven id that has not answered at an address of everywhere.
func TestWhoIsToldToAwait(t *testing.T) {
	for _, one := range []struct {
		host      string
		reach     protocol.Reach
		advertise string
		plain     bool
		want      uint8
	}{
		{host: "8.8.8.8", reach: protocol.ReachDirect},
		{host: "8.8.8.8", reach: protocol.ReachRefused, want: 1},
		{host: "8.8.8.8", reach: protocol.ReachPending, want: 1},
		{host: "8.8.8.8", reach: protocol.ReachQueued, want: 1},
		{host: "192.168.1.7", reach: protocol.ReachDirect, want: 1},
		{host: "100.64.1.7", reach: protocol.ReachDirect, want: 1},
		{host: "127.0.0.1", reach: protocol.ReachDirect, want: 1},
		{host: "2a00:1450::7", reach: protocol.ReachDirect},
		{host: "fd00::7", reach: protocol.ReachDirect, want: 1},
		{host: "192.168.1.7", advertise: "9.9.9.9"},
		{host: "192.168.1.7", reach: protocol.ReachRefused, plain: true},
	} {
		for _, circuits := range []bool{true, false} {
			r := relay.NewRegistry(relay.Policy{Prove: true, Circuits: circuits, AllowAdvertise: true})
			id, addr := rolestest.Node(1), netip.MustParseAddr(one.host)
			from, m := relay.From{Peer: addr, ID: id}, &protocol.Register{ID: id, Epoch: 1, Port: 4000}
			if one.plain {
				from.ID = protocol.PeerID{}
			}
			if one.advertise != "" {
				m.Advertise = protocol.IPOf(netip.MustParseAddr(one.advertise))
			}
			granted := r.Register(roles.Moment{}, from, m).(*protocol.Registered)
			proved := r.Proved(roles.Moment{}, relay.Proof{ID: id, Epoch: 1, At: netip.AddrPortFrom(addr, 4000), Reach: one.reach})
			renewed := r.Renew(roles.Moment{}, from, &protocol.Renew{ID: id, Epoch: 1}).(*protocol.Renewed)
			want := one.want
			if !circuits {
				want = 0
			}
			if early := granted.Await; renewed.Await != want || early != want && (want == 1 || one.reach != protocol.ReachDirect) {
				t.Errorf("%+v, circuits %v: await %d, then %d", one, circuits, early, renewed.Await)
			}
			if proved.Reach != 0 && proved != renewed.Reached {
				t.Errorf("%+v, circuits %v: proven it is %+v, and then %+v", one, circuits, proved, renewed.Reached)
			}
		}
	}
}

// away is a client that reaches no private address, and has an id; plainly it has none.
var (
	away    = relay.From{Peer: netip.MustParseAddr("9.9.9.9"), Local: netip.MustParseAddr("8.8.4.4"), ID: rolestest.Node(200)}
	plainly = relay.From{Peer: away.Peer, Local: away.Local}
)

// shown describes the peers of an answer: the first byte of an id, "@" for an address, "+" for a way through the relay.
func shown(peers []protocol.Peer) (lines []string) {
	for _, p := range peers {
		line := fmt.Sprint(p.ID[0])
		if p.Host != nil {
			line += "@"
		}
		if p.Circuit > 0 {
			line += "+"
		}
		lines = append(lines, line)
	}
	return lines
}

// TestLocateSaysWhoIsReachedThroughTheRelay: those that nobody can dial by their ids, behind all that can be dialed.
func TestLocateSaysWhoIsReachedThroughTheRelay(t *testing.T) {
	r := relay.NewRegistry(relay.Policy{Prove: true, Circuits: true})
	registers(t, r, 1, "8.8.0.1", protocol.ReachDirect)
	registers(t, r, 2, "8.8.0.2", protocol.ReachRefused)
	registers(t, r, 3, "8.8.0.3", protocol.ReachPending)
	registers(t, r, 4, "192.168.1.4", protocol.ReachDirect)
	registers(t, r, 5, "8.8.0.5", protocol.ReachRefused) // no AWAIT
	until := 25 * time.Second
	for _, n := range []byte{1, 2, 3, 4} {
		r.Awaits(roles.Moment{}, rolestest.Node(n), until)
	}
	r.Awaits(roles.Moment{}, rolestest.Node(77), until) // nobody
	for random := range uint64(40) {
		ask := func(from relay.From, now time.Duration) *protocol.Located {
			return r.Locate(roles.Moment{Now: now, Rand: random * 0x9e3779b97f4a7c15}, from, &protocol.Locate{}).(*protocol.Located)
		}
		located := ask(away, until-1)
		if got := shown(located.Peers); len(got) != 4 || got[0] != "1@+" || got[1] != "3@+" || !slices.Contains(got, "2+") || !slices.Contains(got, "4+") || located.Withheld != 1 {
			t.Fatalf("%v, %d withheld", got, located.Withheld)
		}
		for _, p := range located.Peers[2:] {
			if p.Port != 0 || p.Also != nil {
				t.Fatalf("%+v", p)
			}
		}
		for _, none := range []*protocol.Located{ask(plainly, until-1), ask(away, until)} {
			if got := shown(none.Peers); !slices.Equal(got, []string{"1@", "3@"}) || none.Withheld != 3 {
				t.Fatalf("%v, %d withheld", got, none.Withheld)
			}
		}
	}
	r.Awaits(roles.Moment{}, rolestest.Node(2), 0)
	if located := r.Locate(roles.Moment{}, away, &protocol.Locate{}).(*protocol.Located); len(located.Peers) != 3 || located.Withheld != 2 {
		t.Fatalf("%v, %d withheld", shown(located.Peers), located.Withheld)
	}
}

// TestHoldersReachedThroughTheRelayStandBehindTheOthers, and with their contents, ahead of those that may have the file.
func TestHoldersReachedThroughTheRelayStandBehindTheOthers(t *testing.T) {
	r := relay.NewRegistry(relay.Policy{Prove: true, Circuits: true})
	for n, reach := range map[byte]protocol.Reach{1: protocol.ReachRefused, 2: protocol.ReachDirect, 3: protocol.ReachRefused, 4: protocol.ReachPending} {
		registers(t, r, n, fmt.Sprintf("8.8.0.%d", n), reach)
		r.Awaits(roles.Moment{}, rolestest.Node(n), time.Minute)
		r.Publish(roles.Moment{}, &protocol.Publish{
			ID: rolestest.Node(n), Epoch: 1, Index: 1, To: 1, Latest: 1, Changes: []protocol.Entry{{Name: "a", Size: 5, Hash: rolestest.Hash(1)}},
		})
	}
	registers(t, r, 5, "8.8.0.5", protocol.ReachDirect) // says nothing of what it has
	for random := range uint64(20) {
		located := r.Locate(roles.Moment{Rand: random}, away, &protocol.Locate{Name: "a"}).(*protocol.Located)
		if got := shown(located.Peers); len(got) != 5 || got[0] != "2@+" || got[1] != "4@+" || got[4] != "5@" {
			t.Fatal(got)
		}
		for _, p := range located.Peers[:4] {
			if p.Size != 5 {
				t.Fatalf("%+v", p)
			}
		}
	}
	listed := r.List(roles.Moment{}, away, &protocol.List{Holders: 4}).(*protocol.Listed)
	if len(listed.Items) != 1 || listed.Items[0].Count != 4 || len(listed.Items[0].Holders) != 4 {
		t.Fatalf("%+v", listed.Items)
	}
	seen := map[string]bool{}
	for _, at := range listed.Items[0].Holders {
		seen[shown(listed.Peers[at : at+1])[0]] = true
	}
	for _, want := range []string{"1+", "2@+", "3+", "4@+"} {
		if !seen[want] {
			t.Errorf("%s is no holder of %v", want, seen)
		}
	}
	listed = r.List(roles.Moment{}, plainly, &protocol.List{Holders: 4}).(*protocol.Listed)
	if listed.Items[0].Count != 4 || len(listed.Items[0].Holders) != 2 {
		t.Fatalf("%+v", listed.Items)
	}
}

// TestAWalkVisitsThoseThatAreReachedThroughTheRelayOnce, over many pages, and whoever begins to wait meanwhile.
func TestAWalkVisitsThoseThatAreReachedThroughTheRelayOnce(t *testing.T) {
	for random := range uint64(30) {
		r := relay.NewRegistry(relay.Policy{Prove: true, Circuits: true})
		for n := byte(1); n <= 60; n++ {
			reach := protocol.ReachRefused
			if n%3 == 0 {
				reach = protocol.ReachDirect
			}
			registers(t, r, n, fmt.Sprintf("8.8.0.%d", n), reach)
			if n%2 == 0 {
				r.Awaits(roles.Moment{}, rolestest.Node(n), time.Minute)
			}
		}
		met, withheld, cursor := map[byte]int{}, uint64(0), []byte(nil)
		for page := 0; page == 0 || cursor != nil; page++ {
			located := r.Locate(roles.Moment{Rand: random * 0x9e3779b97f4a7c15}, away, &protocol.Locate{Name: "a", Limit: 7, Cursor: cursor}).(*protocol.Located)
			if len(located.Peers) > 7 || page > 60 {
				t.Fatalf("page %d is of %d", page, len(located.Peers))
			}
			for i, p := range located.Peers {
				met[p.ID[0]]++
				if p.Host == nil && i+1 < len(located.Peers) && located.Peers[i+1].Host != nil {
					t.Fatalf("%v", shown(located.Peers))
				}
			}
			withheld += located.Withheld
			if cursor = located.Cursor; page == 2 { // 55 could not be reached when the walk passed it, if it has
				r.Awaits(roles.Moment{}, rolestest.Node(55), time.Minute)
			}
		}
		for n := byte(1); n <= 60; n++ {
			want := 0
			if n%2 == 0 || n%3 == 0 || n == 55 {
				want = 1
			}
			if met[n] < want || n != 55 && met[n] > want {
				t.Fatalf("%d is met %d times", n, met[n])
			}
		}
		if withheld < 19 || withheld > 20 {
			t.Fatalf("%d are withheld", withheld)
		}
	}
}

// TestANewLeaseHasNoWayOfAnother: that of a node that has left is not one of whoever gets its slot.
func TestANewLeaseHasNoWayOfAnother(t *testing.T) {
	r := relay.NewRegistry(relay.Policy{Prove: true, Circuits: true})
	registers(t, r, 1, "8.8.0.1", protocol.ReachRefused)
	r.Awaits(roles.Moment{}, rolestest.Node(1), time.Minute)
	r.Leave(roles.Moment{}, &protocol.Leave{ID: rolestest.Node(1), Epoch: 1})
	registers(t, r, 2, "8.8.0.2", protocol.ReachRefused)
	if located := r.Locate(roles.Moment{}, away, &protocol.Locate{}).(*protocol.Located); len(located.Peers) != 0 || located.Withheld != 1 {
		t.Fatalf("%v", shown(located.Peers))
	}
}
