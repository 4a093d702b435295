package status

import (
	"html/template"
	"strconv"
	"time"

	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// mostRows is how many rows of a table that has no pages a page shows. The API has all.
const mostRows = 100

// fewRows is how many uploads the first page of a node shows.
const fewRows = 10

// functions are what templates have besides the frame's:
//
//	around .Time                   the time to the minute; see [around]
//	pager (path "x") .Asked .Next  the links to further pages
//	search (path "x") .Asked ...   the form that finds rows
//	first .Open                    the first rows, as many as a page shows
//	high .Limit                    from where on a limit is nearly reached
//	clock .Time                    15:04
//	minutes .MS                    3 min
func (s *site) functions() template.FuncMap {
	return template.FuncMap{
		"around":       func(t time.Time) around { return around{t, s.now()} },
		"search":       search,
		"pager":        pager,
		"first":        func(all []openCircuit) []openCircuit { return all[:min(len(all), mostRows)] },
		"firstUploads": func(all []uploadNow) []uploadNow { return all[:min(len(all), mostRows)] },
		"few":          func(all []uploadNow) []uploadNow { return all[:min(len(all), fewRows)] },
		"reachGrade":   func(reach string) string { return reachGrades[reach] },
		"wayGrade":     func(way string) string { return wayGrades[way] },
		"high":         func(limit *int64) int64 { return *limit / 10 * 9 },
		"deref":        func(n *int64) int64 { return *n },
		"atleast1":     func(n uint64) uint64 { return max(n, 1) },
		"clock":        func(t time.Time) string { return t.UTC().Format("15:04") },
		"minutes":      func(ms int64) string { return span(max(time.Minute, time.Duration(ms)*time.Millisecond)) },
		"styles":       styles.Version,
	}
}

// search returns the form that finds rows of a page.
func search(path, asked, label, hint string) web.Search {
	return web.Search{Action: path, Name: "search", Label: label, Value: asked, Hint: hint}
}

// pager returns the links from a page of rows to others. Name and hash are those of the file that the page is about.
func pager(path string, asked peer.PageQuery, next, name, hash string) (p web.Pager) {
	limit := ""
	if asked.Limit > 0 {
		limit = strconv.Itoa(asked.Limit)
	}
	p.Text = "There are no further rows."
	first := web.Query(path, "search", asked.Search, "limit", limit, "name", name, "hash", hash)
	if asked.Cursor != "" {
		p.First = first
	}
	if next != "" {
		p.Text = "Further rows follow."
		p.Next = web.Query(path, "search", asked.Search, "limit", limit, "name", name, "hash", hash, "cursor", next)
	}
	return p
}

// wayGrades are the classes of badges for the ways to a node.
var wayGrades = map[string]string{
	peer.WayDirect: "good", peer.WayCircuit: "info", peer.WayPending: "", peer.WayUnproven: "", peer.WayNowhere: "bad",
}

// reachGrades are the same for addresses.
var reachGrades = map[string]string{"direct": "good", "refused": "bad", "timeout": "bad", "wrong-peer": "bad"}
