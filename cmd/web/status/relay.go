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

// nodesLook, filesLook and fileLook are pages of rows with what was asked for.
type (
	nodesLook struct {
		nodesPage
		Asked peer.PageQuery
	}
	filesLook struct {
		filesPage
		Asked peer.PageQuery
	}
	fileLook struct {
		holdersPage
		Asked peer.PageQuery
	}
)

func relaySite(r relaySource, m meters, version string, now func() time.Time) *site {
	s := newSite("relay-server", version, now)
	s.list = []*page{
		{path: "", title: "Relay", link: "Overview", sections: []section{
			{id: "notices", template: "relay-notices"}, {id: "numbers", template: "relay-numbers"}, {id: "hour", template: "hour"}, {id: "totals", template: "totals"},
		}, load: func(url.Values) (any, *problem) { return lookAtRelay(r, m, now()), nil }},
		{path: "nodes", title: "Nodes", link: "Nodes", sections: []section{{id: "find", template: "nodes-find", still: true}, {id: "nodes", template: "nodes"}},
			load: func(query url.Values) (any, *problem) {
				q, wrong := pageQuery(query)
				if wrong != nil {
					return nil, wrong
				}
				return nodesLook{nodesPageOf(r.Nodes(q)), q}, nil
			}},
		{path: "files", title: "Files", link: "Files", sections: []section{{id: "find", template: "files-find", still: true}, {id: "files", template: "files"}},
			load: func(query url.Values) (any, *problem) {
				q, wrong := pageQuery(query)
				if wrong != nil {
					return nil, wrong
				}
				return filesLook{filesPageOf(r.Files(q)), q}, nil
			}},
		{path: "file", title: "Who has a file", sections: []section{{id: "file", template: "file"}},
			load: func(query url.Values) (any, *problem) {
				page, q, wrong := holders(r, query)
				return fileLook{page, q}, wrong
			}},
		{path: "circuits", title: "Circuits", link: "Circuits", sections: []section{{id: "circuits", template: "circuits"}, {id: "open", template: "circuits-open"}, {id: "used", template: "circuits-used"}},
			load: func(url.Values) (any, *problem) { return circuitsPageOf(r.OpenCircuits()), nil }},
		s.machinesPage(m), s.apiPage(),
	}
	s.asks = append([]ask{
		{"overview", "what the relay is doing", nil, relayOverview{}, func(url.Values) (any, *problem) { return relayOverviewOf(r.Overview(), now()), nil }},
		{"nodes", "the nodes that are listed, and those that were", []parameter{searchIn("at the beginning of an id, or in an address or a member's name"), cursorIs, limitIs}, nodesPage{},
			func(query url.Values) (any, *problem) {
				q, wrong := pageQuery(query)
				if wrong != nil {
					return nil, wrong
				}
				return nodesPageOf(r.Nodes(q)), nil
			}},
		{"files", "what the nodes have published", []parameter{searchIn("a pattern as of peer-client, or words that are all in the name"), cursorIs, limitIs}, filesPage{},
			func(query url.Values) (any, *problem) {
				q, wrong := pageQuery(query)
				if wrong != nil {
					return nil, wrong
				}
				return filesPageOf(r.Files(q)), nil
			}},
		{"holders", "the nodes that have a file; name or hash is needed", []parameter{{"name", "of the file"}, {"hash", "of the content: 64 hexadecimal digits"}, cursorIs, limitIs}, holdersPage{},
			func(query url.Values) (any, *problem) {
				page, _, wrong := holders(r, query)
				return page, wrong
			}},
		{"circuits", "what goes through the relay, and what may", nil, circuitsPage{}, func(url.Values) (any, *problem) { return circuitsPageOf(r.OpenCircuits()), nil }},
	}, metersAsks(m, now)...)
	return s
}

// holders returns a page of the nodes that have the file that was asked for.
func holders(r relaySource, query url.Values) (page holdersPage, q peer.PageQuery, wrong *problem) {
	name, hash, wrong := fileQuery(query)
	if wrong != nil {
		return page, q, wrong
	}
	if q, wrong = pageQuery(query); wrong != nil {
		return page, q, wrong
	}
	return holdersPageOf(name, hash, r.FileHolders(name, hash, q)), q, nil
}

func lookAtRelay(r relaySource, m meters, now time.Time) relayLook {
	t := totalsOf(m.Totals(), now)
	return relayLook{
		relayOverviewOf(r.Overview(), now), t, countedOf(t.Heard), countedOf(t.Errors),
		chartsOf(m.History(), "announces", "locates", "bytes", "circuits", "errors"),
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
