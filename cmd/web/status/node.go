package status

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// nodeSource is what the pages of a node ask for. [peer.Node] answers in a program, and in tests a
// node of a few lines.
type nodeSource interface {
	Overview() peer.NodeOverview
	Uploads() []peer.UploadNow
	RecentUploads() []peer.UploadEnded
	Unshared(most int) (all int, some []transport.Unshared, is bool)
}

// Node returns the pages and the API of a node. Version is that of the program.
func Node(n *peer.Node, version string) http.Handler {
	return nodeSite(n, n.Meters(), version, time.Now)
}

// nodeLook is what the first page of a node shows.
type nodeLook struct {
	nodeOverview
	Uploads uploadsPage
	Totals  totals
	Heard   []counted
	Errors  []counted
	Charts  []chart
}

// unsharedLook is a page of what is not shared, with what was asked for.
type unsharedLook struct {
	unsharedPage
	Asked peer.PageQuery
}

func nodeSite(n nodeSource, m meters, version string, now func() time.Time) *site {
	s := newSite("peer-node", version, now)
	s.list = []*page{
		{path: "", title: "Node", link: "Overview", sections: []section{
			{id: "reach", template: "node-reach"}, {id: "numbers", template: "node-numbers"}, {id: "share", template: "node-share"},
			{id: "uploads-now", template: "node-uploads"}, {id: "hour", template: "hour"}, {id: "totals", template: "totals"},
		}, load: func(url.Values) (any, *problem) { return lookAtNode(n, m, now()), nil }},
		{path: "uploads", title: "Uploads", link: "Uploads", sections: []section{{id: "uploads", template: "uploads"}, {id: "recent", template: "uploads-recent"}},
			load: func(url.Values) (any, *problem) { return uploadsPageOf(n.Uploads(), n.RecentUploads()), nil }},
		{path: "unshared", title: "What is not shared", link: "Not shared", sections: []section{{id: "unshared", template: "unshared"}},
			load: func(query url.Values) (any, *problem) {
				page, q, wrong := unshared(n, query)
				return unsharedLook{page, q}, wrong
			}},
		s.machinesPage(m), s.apiPage(),
	}
	s.asks = append([]ask{
		{"overview", "what the node is doing", nil, nodeOverview{}, func(url.Values) (any, *problem) { return nodeOverviewOf(n.Overview(), now()), nil }},
		{"uploads", "what is being sent, and what was sent last", nil, uploadsPage{},
			func(url.Values) (any, *problem) { return uploadsPageOf(n.Uploads(), n.RecentUploads()), nil }},
		{"unshared", "what is not shared, and why", []parameter{cursorIs, limitIs}, unsharedPage{},
			func(query url.Values) (any, *problem) {
				page, _, wrong := unshared(n, query)
				return page, wrong
			}},
	}, metersAsks(m, now)...)
	return s
}

func lookAtNode(n nodeSource, m meters, now time.Time) nodeLook {
	t := totalsOf(m.Totals(), now)
	return nodeLook{
		nodeOverviewOf(n.Overview(), now), uploadsPageOf(n.Uploads(), nil), t, countedOf(t.Heard), countedOf(t.Errors),
		chartsOf(m.History(), "gets", "bytes", "errors"),
	}
}

// unshared returns a page of what is not shared. Its cursor is the number of rows before it: they
// are sorted, and few enough to be counted again.
func unshared(n nodeSource, query url.Values) (page unsharedPage, q peer.PageQuery, wrong *problem) {
	if q, wrong = pageQuery(query); wrong != nil {
		return page, q, wrong
	}
	if q.Limit == 0 {
		q.Limit = peer.PageLimit
	}
	all, some, known := n.Unshared(transport.MaxUnshared)
	from, err := strconv.Atoi(q.Cursor)
	if err != nil || from < 0 || from > len(some) {
		from = 0
	}
	to := min(len(some), from+q.Limit)
	page = unsharedPage{Known: known, All: all, Reasons: reasonsOf(n.Overview().Share.Reasons), Unshared: each(some[from:to], func(u transport.Unshared) unsharedPath {
		return unsharedPath{u.Path, u.Why, string(u.Reason)}
	})}
	if to < len(some) {
		page.Next = strconv.Itoa(to)
	}
	return page, q, nil
}
