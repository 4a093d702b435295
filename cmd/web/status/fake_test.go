package status

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// hostile is a text as no honest peer has it: markup, a quote, the end of a script, what turns the direction of
// text around, a line break, bytes that are no text.
const hostile = "<img src=x onerror=alert(1)>\"'></script>\u202egpj.exe\n\x00\xff{{.}}&lt;"

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func idOf(n int) (id protocol.PeerID) {
	copy(id[:], fmt.Sprintf("%032d", n+1))
	return id
}

func hashOf(n int) (hash protocol.Hash) {
	copy(hash[:], fmt.Sprintf("%032d", n+1))
	return hash
}

// fakeMeters have counted what a test says.
type fakeMeters struct {
	totals   peer.Totals
	history  peer.History
	machines []peer.MachineStates
}

func (m *fakeMeters) Totals() peer.Totals            { return m.totals }
func (m *fakeMeters) History() peer.History          { return m.history }
func (m *fakeMeters) Machines() []peer.MachineStates { return m.machines }

// busyMeters have counted much, with a table of a relay.
func busyMeters() *fakeMeters {
	m := &fakeMeters{totals: peer.Totals{
		Heard:  map[protocol.Kind]uint64{protocol.KindLocate: 12_345, protocol.KindRenew: 99, protocol.KindRegister: 7},
		Errors: map[protocol.Code]uint64{protocol.Busy: 5, protocol.Denied: 17},
		Sent:   5 << 30, Received: 1 << 20, Spliced: 77 << 20, Links: 31, LinksEver: 40_000,
	}}
	m.history = peer.History{End: noon, Step: peer.HistoryStep}
	names := []string{peer.SeriesAnnounces, peer.SeriesLocates, peer.SeriesGets, peer.SeriesBytes, peer.SeriesCircuits}
	for _, code := range []protocol.Code{protocol.Busy, protocol.Denied, protocol.Quota, protocol.PeerGone, protocol.Malformed, protocol.NotFound, protocol.Timeout} {
		names = append(names, peer.SeriesErrors+code.String())
	}
	for k, name := range names {
		s := peer.Series{Name: name, Values: make([]uint64, peer.HistorySteps)}
		for n := range s.Values {
			s.Values[n] = uint64((n*n/(k+3) + n*(k+1)) % (40 + 7*k))
			if name == peer.SeriesBytes {
				s.Values[n] <<= 22
			}
		}
		m.history.Series = append(m.history.Series, s)
	}
	table := relay.SessionTable()
	states := peer.MachineStates{Name: table.Name}
	for n, s := range table.States {
		states.States = append(states.States, peer.StateCount{Name: string(s.Name), Means: s.Means, Final: s.Final, Count: int64(n % 3 * 41)})
	}
	for n, row := range table.Rows {
		for _, from := range row.From {
			to := row.To
			if to == "" {
				to = from
			}
			states.Moves = append(states.Moves, peer.Move{From: string(from), Event: string(row.On), To: string(to), Because: row.Because, Fired: uint64(n % 2 * n * n)})
		}
	}
	m.machines = []peer.MachineStates{states}
	return m
}

// fakeRelay has nodes and files as a test says, and pages them by number.
type fakeRelay struct {
	overview peer.RelayOverview
	nodes    []peer.ListedNode
	files    []peer.ListedFile
	circuits peer.CircuitsOverview
	asked    peer.PageQuery // the last one
}

func (r *fakeRelay) Overview() peer.RelayOverview        { return r.overview }
func (r *fakeRelay) OpenCircuits() peer.CircuitsOverview { return r.circuits }

func (r *fakeRelay) Nodes(q peer.PageQuery) peer.NodesPage {
	r.asked = q
	page, next := paged(r.nodes, q)
	return peer.NodesPage{Nodes: page, Next: next}
}

func (r *fakeRelay) Files(q peer.PageQuery) peer.FilesPage {
	r.asked = q
	page, next := paged(r.files, q)
	return peer.FilesPage{Files: page, Next: next}
}

func (r *fakeRelay) FileHolders(name string, hash protocol.Hash, q peer.PageQuery) peer.HoldersPage {
	r.asked = q
	var holders []peer.FileHolder
	for n, node := range r.nodes {
		if len(r.files) > 0 && (name == "" || r.files[n%len(r.files)].Name == name) {
			holders = append(holders, peer.FileHolder{ListedNode: node, File: r.files[n%len(r.files)].Name, Size: 3, Hash: r.files[n%len(r.files)].Hash, Modified: r.files[n%len(r.files)].Modified})
		}
	}
	page, next := paged(holders, q)
	return peer.HoldersPage{Holders: page, Next: next}
}

// paged returns a page of rows; the cursor is the number of those before it.
func paged[T any](all []T, q peer.PageQuery) (page []T, next string) {
	limit := q.Limit
	if limit == 0 {
		limit = peer.PageLimit
	}
	from, _ := strconv.Atoi(q.Cursor)
	from = min(from, len(all))
	to := min(len(all), from+limit)
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return slices.Clone(all[from:to]), next
}

// busyRelay has that many nodes and files, with texts that are hostile, and as long as may be.
func busyRelay(nodes, files int, text string) *fakeRelay {
	r := &fakeRelay{}
	ways := []string{peer.WayDirect, peer.WayCircuit, peer.WayPending, peer.WayUnproven, peer.WayNowhere}
	for n := range nodes {
		node := peer.ListedNode{
			ID: idOf(n), Name: text, Way: ways[n%len(ways)], Since: noon.Add(-time.Duration(n) * time.Hour), Heard: noon.Add(-5 * time.Second), Until: noon.Add(80 * time.Second),
			Names: n * 1000, Publishes: n%2 == 0,
			Addresses: []peer.ReachedAddress{{At: netip.MustParseAddrPort("[2001:db8:1234:5678:9abc:def0:1234:5678]:65535"), Reach: "timeout"}, {At: netip.MustParseAddrPort("192.0.2.7:4001"), Reach: "direct"}},
		}
		if node.Way == peer.WayNowhere {
			node.Why = text
		}
		if n == nodes-1 && n > 0 {
			node = peer.ListedNode{ID: idOf(n), Heard: noon.Add(-time.Hour), Left: true, Addresses: node.Addresses}
		}
		r.nodes = append(r.nodes, node)
	}
	for n := range files {
		file := peer.ListedFile{Name: fmt.Sprintf("%s/%d", text, n), Size: uint64(n) << 20, Hash: hashOf(n), Modified: noon.Add(-time.Duration(n) * time.Minute), Holders: n, Variants: 1 + n%3}
		if n%7 == 3 {
			file.Hash, file.Size, file.Mark = protocol.Hash{}, 0, "pending"
		}
		r.files = append(r.files, file)
	}
	for n := range min(nodes, 1000) {
		r.circuits.Open = append(r.circuits.Open, peer.OpenCircuit{Node: idOf(n), Client: idOf(n + 1), From: "2001:db8:1234:5678::/64", Since: noon, Bytes: int64(n) << 20, Joined: n%2 == 0})
		if n < 100 {
			r.circuits.Used = append(r.circuits.Used, peer.CircuitUse{ID: idOf(n), Name: text, Open: 1, Bytes: int64(n) << 24, Left: peer.NoCircuitLimit, Refill: noon.Add(time.Hour)})
		}
	}
	r.circuits.On, r.circuits.ByMember, r.circuits.Limits = true, true, peer.OpenCircuits
	r.circuits.Circuits, r.circuits.Clients, r.circuits.Awaits = 2*len(r.circuits.Open), 2*len(r.circuits.Used), nodes
	r.overview = peer.RelayOverview{
		ID: idOf(0), Started: noon.Add(-26 * time.Hour), Listeners: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:4000")}, Young: 90 * time.Second, Draining: true, Closed: true, Members: nodes,
		Nodes: peer.Use{Now: int64(nodes), Limit: 100_000}, Left: 1, Publishing: 2, Silent: nodes / 2, Addresses: nodes, Contents: files,
		Names: peer.Use{Now: int64(files), Limit: 10_000_000}, NameBytes: peer.Use{Now: int64(files) * 40, Limit: 1 << 30}, Awaits: peer.Use{Now: 3, Limit: 5000},
		Circuits: peer.Use{Now: 4, Limit: peer.NoCircuitLimit}, Links: peer.Use{Now: 31, Limit: 10_000},
	}
	return r
}

// fakeNode is a node as a test says.
type fakeNode struct {
	overview peer.NodeOverview
	now      []peer.UploadNow
	recent   []peer.UploadEnded
	unshared []transport.Unshared
	tells    bool // it can say what it does not share
}

func (n *fakeNode) Overview() peer.NodeOverview       { return n.overview }
func (n *fakeNode) Uploads() []peer.UploadNow         { return n.now }
func (n *fakeNode) RecentUploads() []peer.UploadEnded { return n.recent }

func (n *fakeNode) Unshared(most int) (all int, some []transport.Unshared, is bool) {
	return len(n.unshared), n.unshared[:min(most, len(n.unshared))], n.tells
}

// busyNode has that many uploads and paths that are not shared.
func busyNode(rows int, text string) *fakeNode {
	n := &fakeNode{tells: true}
	reasons := transport.Reasons()
	for k := range rows {
		u := peer.Upload{
			Number: uint64(k), Peer: idOf(k), Address: netip.MustParseAddrPort("192.0.2.9:40000"), Way: peer.UploadCircuit, Name: text, Hash: hashOf(k), Size: 1 << 30,
			Offset: 1 << 20, Requests: 3, Promised: 1 << 30, Sent: 5 << 20, Since: noon.Add(-3 * time.Minute),
		}
		n.now = append(n.now, peer.UploadNow{Upload: u, Phase: peer.PhaseHashing, Hashed: 7 << 20, Rate: 3 << 20})
		if k < peer.MaxUploadsRecent {
			n.recent = append(n.recent, peer.UploadEnded{Upload: u, End: peer.EndRefused, Code: protocol.Busy, Ended: noon})
		}
		n.unshared = append(n.unshared, transport.Unshared{Path: fmt.Sprint(text, k), Why: text, Reason: reasons[k%len(reasons)]})
	}
	n.overview = peer.NodeOverview{
		ID: idOf(1), Started: noon.Add(-time.Hour), Listen: netip.MustParseAddrPort("[::]:4001"), Relay: "relay.example:4000", RelayID: idOf(0), Ended: true,
		Unlisted: &peer.NodeUnlisted{Code: protocol.Denied, By: protocol.Relay, Text: text, Since: noon.Add(-time.Minute), Tried: noon, Next: noon.Add(time.Minute), Fails: 3},
		Reach:    peer.NodeReach{Grade: peer.GradeBad, Text: text, Cure: text}, Published: peer.NodePublished{Publishes: true, Names: rows, ToCome: 2, Refused: 1, Why: text},
		Described: true, Share: transport.Progress{
			Files: rows, Known: rows / 2, Bytes: 1 << 40, KnownBytes: 1 << 38, Waiting: 4, Unread: 1, AllHashing: 9, Folders: 3, Watched: 2, Walked: noon, NextWalk: noon.Add(time.Hour), Away: true,
			Hashing: []transport.Hashing{{Name: text, Done: 1 << 20, Size: 1 << 30, Asked: true}}, Unshared: rows,
			Reasons: []transport.ReasonCount{{Reason: transport.ReasonName, Count: rows}},
		},
		Limits: peer.NodeLimits{Links: 4, MaxLinks: 100, Uploads: 3, MaxUploads: 64, Waiting: 2, Rate: 3 << 20, MaxRate: 5 << 20, Requests: 99, Sent: 1 << 33},
	}
	n.overview.Listed = &peer.NodeListing{Since: noon.Add(-time.Hour), Heard: noon, Until: noon.Add(time.Minute)}
	n.overview.Listed.At = netip.MustParseAddrPort("192.0.2.7:4001")
	n.overview.Listed.Also = netip.MustParseAddr("2001:db8::7")
	n.overview.Listed.Reached = protocol.Reached{Reach: protocol.ReachDirect, AlsoReach: protocol.ReachTimeout, Await: 1}
	return n
}

// at is the clock of tests.
func at() time.Time { return noon }
