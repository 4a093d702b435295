package status

import (
	"net/http"
	"net/url"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// relaySource is what the pages of a relay ask for. [peer.Relay] answers in a program, and in tests
// a relay of a few lines, which says what no honest peer would.
type relaySource interface {
	Overview() peer.RelayOverview
	Nodes(q peer.PageQuery) peer.NodesPage
	Files(q peer.PageQuery) peer.FilesPage
	FileHolders(name string, hash protocol.Hash, q peer.PageQuery) peer.HoldersPage
	OpenCircuits() peer.CircuitsOverview
}

// meters are what relays and nodes count alike: [peer.Meters].
type meters interface {
	Totals() peer.Totals
	History() peer.History
	Machines() []peer.MachineStates
}

// Relay returns the pages and the API of a relay. Version is that of the program.
func Relay(r *peer.Relay, version string) http.Handler {
	return relaySite(r, r.Meters(), version, time.Now)
}

// relayLook is what the first page of a relay shows.
type relayLook struct {
	relayOverview
	Totals totals
	Heard  []counted
	Errors []counted
	Charts []chart
}

// rowsLook is a page of rows with what was asked for.
type rowsLook[T any] struct {
	Page  T
	Asked peer.PageQuery
}

func relaySite(r relaySource, m meters, version string, now func() time.Time) *site {
	s := newSite("relay-server", version, now)
	look := relayLooks{r, m, new(wayCounts), now}
	s.list = append(look.pages(), s.machinesPage(m), s.apiPage())
	s.asks = append(look.asks(), metersAsks(m, now)...)
	return s
}

// relayLooks are what the pages and the API of a relay show.
type relayLooks struct {
	relay  relaySource
	meters meters
	counts *wayCounts
	now    func() time.Time
}

func (l relayLooks) pages() []*page {
	return []*page{
		{path: "", title: "Relay", link: "Overview", load: l.first, sections: []section{
			{id: "notices", template: "relay-notices"}, {id: "numbers", template: "relay-numbers"}, {id: "hour", template: "hour"}, {id: "totals", template: "totals"},
		}},
		{path: "nodes", title: "Nodes", link: "Nodes", load: asked(l.nodes), sections: []section{
			{id: "find", template: "nodes-find", still: true}, {id: "nodes", template: "nodes"},
		}},
		{path: "files", title: "Files", link: "Files", load: asked(l.files), sections: []section{
			{id: "find", template: "files-find", still: true}, {id: "files", template: "files"},
		}},
		{path: "file", title: "Who has a file", load: asked(l.holders), sections: []section{{id: "file", template: "file"}}},
		{path: "circuits", title: "Circuits", link: "Circuits", load: l.circuits, sections: []section{
			{id: "circuits", template: "circuits"}, {id: "open", template: "circuits-open"}, {id: "used", template: "circuits-used"},
		}},
	}
}

func (l relayLooks) asks() []ask {
	return []ask{
		{"overview", "what the relay is doing", nil, relayOverview{}, l.overview},
		{"nodes", "the nodes that are listed, and those that were",
			[]parameter{searchIn("at the beginning of an id, or in an address or a member's name"), cursorIs, limitIs}, nodesPage{}, answered(l.nodes)},
		{"files", "what the nodes have published",
			[]parameter{searchIn("a pattern as of peer-client, or words that are all in the name"), cursorIs, limitIs}, filesPage{}, answered(l.files)},
		{"holders", "the nodes that have a file; name or hash is needed",
			[]parameter{{"name", "of the file"}, {"hash", "of the content: 64 hexadecimal digits"}, cursorIs, limitIs}, holdersPage{}, answered(l.holders)},
		{"circuits", "what goes through the relay, and what may", nil, circuitsPage{}, l.circuits},
	}
}

func (l relayLooks) overview(url.Values) (any, *problem) {
	now := l.now()
	return relayOverviewOf(l.relay.Overview(), l.counts.of(l.relay, now), now), nil
}

func (l relayLooks) first(url.Values) (any, *problem) {
	now := l.now()
	t := totalsOf(l.meters.Totals(), now)
	return relayLook{
		relayOverviewOf(l.relay.Overview(), l.counts.of(l.relay, now), now), t, countedOf(t.Heard), countedOf(t.Errors),
		chartsOf(l.meters.History(), "announces", "locates", "bytes", "circuits", "errors"),
	}, nil
}

func (l relayLooks) circuits(url.Values) (any, *problem) {
	return circuitsPageOf(l.relay.OpenCircuits()), nil
}

func (l relayLooks) nodes(_ url.Values, q peer.PageQuery) (nodesPage, *problem) {
	return nodesPageOf(l.relay.Nodes(q)), nil
}

func (l relayLooks) files(_ url.Values, q peer.PageQuery) (filesPage, *problem) {
	return filesPageOf(l.relay.Files(q)), nil
}

func (l relayLooks) holders(query url.Values, q peer.PageQuery) (holdersPage, *problem) {
	name, hash, wrong := fileQuery(query)
	if wrong != nil {
		return holdersPage{}, wrong
	}
	return holdersPageOf(name, hash, l.relay.FileHolders(name, hash, q)), nil
}

// answered returns what the API answers of a page of rows.
func answered[T any](rows func(url.Values, peer.PageQuery) (T, *problem)) func(url.Values) (any, *problem) {
	return func(query url.Values) (any, *problem) {
		q, wrong := pageQuery(query)
		if wrong != nil {
			return nil, wrong
		}
		return rows(query, q)
	}
}

// asked is the same with what was asked for, as pages show it.
func asked[T any](rows func(url.Values, peer.PageQuery) (T, *problem)) func(url.Values) (any, *problem) {
	return func(query url.Values) (any, *problem) {
		q, wrong := pageQuery(query)
		if wrong != nil {
			return nil, wrong
		}
		page, wrong := rows(query, q)
		return rowsLook[T]{page, q}, wrong
	}
}

// metersAsks are the parts of the API that relays and nodes share.
func metersAsks(m meters, now func() time.Time) []ask {
	return []ask{
		{"history", "the last hour, in steps", nil, history{}, func(url.Values) (any, *problem) { return historyOf(m.History()), nil }},
		{"machines", "the machines' tables, how many machines are in each state, and how often each move fired", nil, machines{},
			func(url.Values) (any, *problem) { return machinesOf(m.Machines()), nil }},
		{"totals", "sums since the start", nil, totals{}, func(url.Values) (any, *problem) { return totalsOf(m.Totals(), now()), nil }},
	}
}
