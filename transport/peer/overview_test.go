package peer_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/state"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// internet is a memory network with a relay, over TLS, all within a bubble: hosts have addresses of everywhere.
type internet struct {
	t      *testing.T
	memory *transport.Memory
	relay  *peer.Relay
	end    func() error // of the relay
}

func newInternet(t *testing.T, r *peer.Relay) *internet {
	w := &internet{t: t, memory: transport.NewMemory(), relay: r}
	network := w.host(1)
	network.By = protocol.Relay
	listener, err := network.Listen(t.Context(), w.at(1)+":4000")
	if err != nil {
		t.Fatal(err)
	}
	r.Network = network
	w.end = background(t, func(ctx context.Context) error { return r.Serve(ctx, listener) })
	t.Cleanup(func() {
		if err := w.end(); err != nil {
			t.Errorf("the relay: %v", err)
		}
	})
	return w
}

// at returns the address of a host.
func (w *internet) at(host byte) string { return netip.AddrFrom4([4]byte{8, 7, 6, host}).String() }

// host returns the network of a host, with a new key.
func (w *internet) host(host byte) *transport.TLS {
	return &transport.TLS{Network: w.memory.From(w.at(host)), By: protocol.Node}
}

// node runs a node on a host, which others can reach or not, and returns it once it is listed, with its end.
func (w *internet) node(host byte, reached bool, n *peer.Node) (*peer.Node, func() error) {
	w.t.Helper()
	w.memory.Silence(netipAt(w.at(host)), !reached)
	n.Network, n.Relay, n.Listen = w.host(host), w.at(1)+":4000", w.at(host)+":5000"
	end := background(w.t, n.Run)
	ready(w.t, n)
	return n, end
}

func (w *internet) client(host byte) *peer.Client {
	return &peer.Client{Network: w.host(host), Relay: w.at(1) + ":4000", Sources: 1}
}

// told returns the nodes of a page in short.
func told(page peer.NodesPage) (all []string) {
	for _, n := range page.Nodes {
		one := strings.TrimSpace(fmt.Sprintf("%s %s names=%d left=%v", n.Way, n.Why, n.Names, n.Left))
		for _, at := range n.Addresses {
			one += fmt.Sprintf(" %s %s", at.At, at.Reach)
		}
		all = append(all, strings.ReplaceAll(strings.TrimSpace(one), "  ", " "))
	}
	return all
}

func TestAnOverviewTellsOfNodesFilesAndCircuits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newInternet(t, &peer.Relay{})
		began := time.Now()
		one, _ := w.node(2, true, &peer.Node{Share: share(t, tree("a", "1", "Folder/B", "two"))})
		two, end := w.node(3, false, &peer.Node{Share: share(t, tree("a", "1", "hidden", strings.Repeat("x", 4<<20)))})
		time.Sleep(time.Minute)
		o := w.relay.Overview()
		if o.ID != w.relay.Network.(*transport.TLS).ID() || !o.Started.Equal(began) || o.Draining || o.Foreign || o.Closed || len(o.Listeners) != 1 ||
			o.Nodes != (peer.Use{Now: 2, Limit: roles.MaxLeases}) || o.Names.Now != 4 || o.Contents != 3 || o.Awaits.Now != 1 || o.Circuits != (peer.Use{Limit: roles.MaxCircuits}) ||
			o.Links != (peer.Use{Now: 1, Limit: roles.MaxLinks}) || o.Publishing+o.Silent != 0 || o.Addresses != 2 || o.Left != 0 {
			t.Errorf("%+v", o)
		}
		page := w.relay.Nodes(peer.PageQuery{})
		if got, want := fmt.Sprint(told(page)), "[direct names=2 left=false 8.7.6.2:5000 direct circuit timeout at 8.7.6.3:5000 names=2 left=false 8.7.6.3:5000 timeout]"; got != want || page.Next != "" {
			t.Errorf("%s\nnot %s", got, want)
		}
		if n := page.Nodes[0]; n.ID != ready(t, one).ID || n.Plain || n.Since.Before(began) || n.Since.After(began.Add(time.Second)) || time.Since(n.Heard) > roles.LeaseTTL/2 || time.Until(n.Until) <= 0 || !n.Publishes {
			t.Errorf("%+v", n)
		}
		for search, want := range map[string]int{ready(t, two).ID.Short(): 1, "8.7.6.": 2, ":5000": 2, "8.7.6.3": 1, "nothing": 0} {
			if found := w.relay.Nodes(peer.PageQuery{Search: search}); len(found.Nodes) != want {
				t.Errorf("%q: %v", search, told(found))
			}
		}
		files := w.relay.Files(peer.PageQuery{Search: "b FOLD"})
		if len(files.Files) != 1 || files.Files[0].Name != "Folder/B" || files.Files[0].Size != 3 || files.Files[0].Holders != 1 || files.Files[0].Variants != 1 || files.Next != "" {
			t.Errorf("%+v", files)
		}
		holders := w.relay.FileHolders("a", protocol.Hash{}, peer.PageQuery{Limit: 1})
		more := w.relay.FileHolders("a", protocol.Hash{}, peer.PageQuery{Cursor: holders.Next})
		if len(holders.Holders) != 1 || len(more.Holders) != 1 || holders.Holders[0].ID == more.Holders[0].ID || holders.Holders[0].File != "a" || holders.Holders[0].Size != 1 || more.Next != "" {
			t.Errorf("%+v\n%+v", holders, more)
		}
		w.seesCircuits(two)
		if err := end(); err != nil {
			t.Error(err)
		}
		if page := w.relay.Nodes(peer.PageQuery{}); len(page.Nodes) != 2 || !page.Nodes[1].Left || page.Nodes[1].Way != "" || !page.Nodes[1].Until.IsZero() || time.Since(page.Nodes[1].Heard) > time.Second {
			t.Errorf("%+v", page)
		}
	})
}

// seesCircuits fetches through the relay, and looks at its circuits meanwhile and afterwards.
func (w *internet) seesCircuits(of *peer.Node) {
	t := w.t
	t.Helper()
	during := make(chan peer.CircuitsOverview, 1)
	into := writer(func(b []byte) (int, error) {
		select {
		case during <- w.relay.OpenCircuits():
		default:
		}
		return len(b), nil
	})
	if r := w.client(9).Fetch(t.Context(), peer.Request{Name: "hidden"}, into); r.Outcome != client.Fetched {
		t.Fatalf("%+v", r)
	}
	is := <-during
	if !is.On || is.ByMember || is.Circuits != 1 || len(is.Open) != 1 || is.Open[0].Node != ready(t, of).ID || is.Open[0].From != "8.7.6.9" || !is.Open[0].Joined || is.Clients != 1 {
		t.Errorf("%+v", is)
	}
	synctest.Wait()
	is = w.relay.OpenCircuits()
	if is.Circuits != 0 || len(is.Used) != 1 || is.Used[0].From != "8.7.6.9" || is.Used[0].Bytes < 4<<20 || is.Used[0].Left != roles.CircuitBytesFrom-is.Used[0].Bytes || time.Until(is.Used[0].Refill) <= 0 {
		t.Errorf("%+v", is)
	}
	totals, opened := w.relay.Meters().Totals(), w.relay.Meters().Totals().Heard[protocol.KindCircuit]
	if totals.Spliced != uint64(is.Used[0].Bytes) || opened != 1 {
		t.Errorf("%+v", totals)
	}
}

type writer func(b []byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

var _ io.Writer = writer(nil)

// TestARelayWithAnotherDirectoryHasEmptyPages.
func TestARelayWithAnotherDirectoryHasEmptyPages(t *testing.T) {
	r := &peer.Relay{Directory: relay.NewRegistry(relay.Policy{})}
	if o := r.Overview(); !o.Foreign || o.Nodes.Now != 0 || o.Links.Limit != roles.MaxLinks {
		t.Errorf("%+v", o)
	}
	nodes, files, holders := r.Nodes(peer.PageQuery{Cursor: "ff"}), r.Files(peer.PageQuery{Search: "*"}), r.FileHolders("a", protocol.Hash{}, peer.PageQuery{Limit: -1})
	if len(nodes.Nodes)+len(files.Files)+len(holders.Holders) != 0 || nodes.Next+files.Next+holders.Next != "" {
		t.Errorf("%+v %+v %+v", nodes, files, holders)
	}
	if is := r.OpenCircuits(); len(is.Open)+len(is.Used) != 0 {
		t.Errorf("%+v", is)
	}
}

// TestAPageHasNoMoreRowsThanItsLimit, and what a cursor says that is none is the first page.
func TestAPageHasNoMoreRowsThanItsLimit(t *testing.T) {
	var texts []string
	for n := range peer.MostPageLimit + 5 {
		texts = append(texts, fmt.Sprintf("%03d", n), "1")
	}
	network := transport.NewMemory()
	r := &peer.Relay{}
	at := startRelay(t, network, r)
	startNode(t, &peer.Node{Network: network, Relay: at, Share: share(t, tree(texts...))})
	awaitPublished(t, &peer.Client{Network: network, Relay: at}, 1)
	for limit, want := range map[int]int{0: peer.PageLimit, -1: peer.PageLimit, 7: 7, 1 << 40: peer.MostPageLimit} {
		for _, cursor := range []string{"", "no cursor", "00", strings.Repeat("0", 16)} {
			if page := r.Files(peer.PageQuery{Limit: limit, Cursor: cursor}); len(page.Files) != want || page.Next == "" {
				t.Errorf("limit %d, cursor %q: %d files, then %q", limit, cursor, len(page.Files), page.Next)
			}
		}
	}
	var all []string
	for q := (peer.PageQuery{Limit: 99}); ; {
		page := r.Files(q)
		for _, f := range page.Files {
			all = append(all, f.Name)
		}
		if q.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) != peer.MostPageLimit+5 {
		t.Errorf("%d files", len(all))
	}
}

func netipAt(addr string) netip.Addr { return netip.MustParseAddr(addr) }

// TestAClosedRelayTellsTheNamesOfItsMembers, and finds them by these.
func TestAClosedRelayTellsTheNamesOfItsMembers(t *testing.T) {
	files, err := state.AdmitAt(filepath.Join(t.TempDir(), "friends"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.Create(); err != nil {
		t.Fatal(err)
	}
	admission, err := state.OpenAdmission(files.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer admission.Close()
	synctest.Test(t, func(t *testing.T) {
		w := newInternet(t, &peer.Relay{Admission: admission})
		for host, name := range map[byte]string{2: "Anna", 3: "Bert"} {
			invite, err := files.NewInvite([]string{w.at(1) + ":4000"}, w.relay.Network.(*transport.TLS).ID(), protocol.BothRoles, 1, time.Now().Add(time.Hour), name)
			if err != nil {
				t.Fatal(err)
			}
			w.node(host, true, &peer.Node{Share: share(t, tree("a", "1")), Trust: peer.Trust{Invite: invite}})
		}
		if o := w.relay.Overview(); !o.Closed || o.Members != 2 || o.Nodes.Now != 2 || o.Circuits.Limit != roles.MaxCircuitsClosed {
			t.Errorf("%+v", o)
		}
		page := w.relay.Nodes(peer.PageQuery{Search: "anN"})
		if len(page.Nodes) != 1 || page.Nodes[0].Name != "Anna" || page.Nodes[0].Addresses[0].At.String() != w.at(2)+":5000" {
			t.Errorf("%+v", page)
		}
		if is := w.relay.OpenCircuits(); !is.ByMember || is.Limits.Circuits != peer.ClosedCircuits.Circuits || is.Limits.BytesFrom != peer.NoCircuitLimit {
			t.Errorf("%+v", is)
		}
	})
}

// TestAnOverviewTellsThatARelayIsYoungOrDrains, and where it serves.
func TestAnOverviewTellsThatARelayIsYoungOrDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newInternet(t, &peer.Relay{Policy: peer.Policy{Earlier: 10}})
		synctest.Wait()
		time.Sleep(time.Second)
		if o := w.relay.Overview(); o.Young != roles.LeaseTTL-time.Second || o.Draining || fmt.Sprint(o.Listeners) != "[8.7.6.1:4000]" {
			t.Errorf("%+v", o)
		}
		idle := w.dialed(2)
		defer idle.Close()
		synctest.Wait()
		if o := w.relay.Overview(); o.Links.Now != 1 {
			t.Errorf("%+v", o)
		}
		ended := make(chan error)
		go func() { ended <- w.end() }()
		synctest.Wait() // it gives the idle link time to read why it is refused
		if o := w.relay.Overview(); !o.Draining || o.Links.Now != 1 {
			t.Errorf("while it ends: %+v", o)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if o := w.relay.Overview(); o.Draining || o.Links.Now != 0 || len(o.Listeners) != 0 {
			t.Errorf("when it has ended: %+v", o)
		}
	})
}
