package status

import (
	"html/template"
	"strconv"
	"time"

	"github.com/relaypeer/relaypeer/transport/peer"
)

// mostRows is how many rows of a table that has no pages a page shows. The API has all.
const mostRows = 200

// functions are what templates have besides the frame's:
//
//	around .Time                   the time to the minute; see [around]
//	turn (path "x") .Asked .Next   what the links to further pages need
//	first .Open                    the first rows, as many as a page shows
//	high .Limit                    from where on a limit is nearly reached
//	clock .Time                    15:04
//	minutes .MS                    3 min
func (s *site) functions() template.FuncMap {
	return template.FuncMap{
		"around": func(t time.Time) around { return around{t, s.now()} },
		"turn": func(path string, asked peer.PageQuery, next, name, hash string) turn {
			return turn{path, asked, next, name, hash}
		},
		"first":        func(all []openCircuit) []openCircuit { return all[:min(len(all), mostRows)] },
		"firstUploads": func(all []uploadNow) []uploadNow { return all[:min(len(all), mostRows)] },
		"wayGrade":     func(way string) string { return wayGrades[way] },
		"high":         func(limit *int64) int64 { return *limit / 10 * 9 },
		"deref":        func(n *int64) int64 { return *n },
		"atleast1":     func(n uint64) uint64 { return max(n, 1) },
		"clock":        func(t time.Time) string { return t.UTC().Format("15:04") },
		"minutes":      func(ms int64) string { return span(max(time.Minute, time.Duration(ms)*time.Millisecond)) },
		"number":       func(n int) string { return numberText(n) },
		"styles":       func() string { return styles.version },
	}
}

// turn is what the links to further pages need.
type turn struct {
	Path       string
	Asked      peer.PageQuery
	Next       string
	Name, Hash string // of the file that the page is about
}

// numberText writes a number; 0 as nothing.
func numberText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// wayGrades are the classes of badges for the ways to a node.
var wayGrades = map[string]string{
	peer.WayDirect: "good", peer.WayCircuit: "info", peer.WayPending: "", peer.WayUnproven: "", peer.WayNowhere: "bad",
}
