package gateway

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

const (
	searchPage    = 200
	mostFound     = 10_000           // a search ends there
	mostQuery     = 256              // bytes
	searchTimeout = 20 * time.Second // for the relay's answer
)

// search is the body of the page of a search.
type search struct {
	base
	pager
	Asked bool // something was looked for
	Rows  []row
}

// serveSearch writes which names have all words of a query, or match it if it is a pattern.
func (g *Gateway) serveSearch(w http.ResponseWriter, r *http.Request, _ string) {
	values := r.URL.Query()
	query, in, err := strings.TrimSpace(protocol.Composed(values.Get("q"))), "", error(nil)
	if values.Get("in") != "" {
		in, _, err = parseName(values.Get("in"))
	}
	if err == nil && (len(query) > mostQuery || !utf8.ValidString(query)) {
		err = &peer.Error{Kind: peer.ErrBadName, Text: "this is too long to look for, or no text"}
	}
	if err != nil {
		g.fail(w, r, err)
		return
	}
	body := &search{base: base{Query: query, Folder: in}, Asked: query != ""}
	if body.Asked {
		if err := g.find(r, body); err != nil {
			g.fail(w, r, err)
			return
		}
	}
	g.write(w, r, http.StatusOK, web.Page{Title: "Search", Here: web.Path(r, "search"), Template: "found", Body: body})
}

// find finds what a page shows.
func (g *Gateway) find(r *http.Request, body *search) error {
	page := pageOf(r, mostFound/searchPage)
	is := g.list.look(r.Context())
	body.Notices = g.notices(is)
	gate, found := g.scanning, func(context.Context) iter.Seq2[peer.Published, error] { return inList(is, body.Query, body.Folder) }
	switch {
	case is.Snapshot == nil && !errors.Is(is.Err, peer.ErrTooMany):
		return is.Err
	case is.Snapshot == nil:
		body.Notices = append(body.Notices, "There are too many names for a list: the relay looks for this text as it is, capitals and all, in the last part of names.")
		gate, found = g.asking, func(ctx context.Context) iter.Seq2[peer.Published, error] {
			return g.atRelay(ctx, body.Query, body.Folder)
		}
	}
	if err := gate.wait(r.Context()); err != nil {
		return err
	}
	defer gate.leave()
	ctx, cancel := context.WithTimeout(r.Context(), searchTimeout)
	defer cancel()
	count := 0
	for file, err := range found(ctx) {
		if err != nil {
			return err
		}
		if count == mostFound {
			body.More = true
			break
		}
		if count++; count > (page-1)*searchPage && count <= page*searchPage {
			body.Rows = append(body.Rows, rowOfFile(&file))
		}
	}
	more := body.More
	body.pager = paged(r, page, searchPage, count)
	body.More = more
	return nil
}

// inList returns the names of a list in a folder that a query stands for. Hidden names are found by a dot alone.
func inList(is list, query, folder string) iter.Seq2[peer.Published, error] {
	match := matching(query)
	return func(yield func(peer.Published, error) bool) {
		for _, file := range is.Below(folder) {
			if match(file.Name) && !yield(file, nil) {
				return
			}
		}
	}
}

// matching returns what tells whether a query stands for a name: all words are in it, in whatever case; or it matches as a
// pattern, which without a slash is one for the last part of names.
func matching(query string) func(name string) bool {
	dots := strings.HasPrefix(query, ".") || strings.Contains(query, "/.") || strings.Contains(query, " .")
	if strings.ContainsAny(query, "*?[") && protocol.CheckPattern(query) == nil {
		if !strings.Contains(query, "/") {
			query = "**/" + query
		}
		pattern, part := protocol.NewPattern(query), literal(query)
		pattern.Visible = !dots
		return func(name string) bool { return strings.Contains(name, part) && pattern.Match([]byte(name)) }
	}
	words := protocol.NewWords(query)
	return func(name string) bool { return (dots || !protocol.Hidden(name)) && words.InString(name) }
}

// literal returns a part of a pattern that is in all names that match it: to look for that is much faster than to match.
func literal(pattern string) (longest string) {
	if end := strings.IndexAny(pattern, `[\`); end >= 0 {
		pattern = pattern[:end]
	}
	for _, part := range strings.FieldsFunc(pattern, func(r rune) bool { return strings.ContainsRune("*?/", r) }) {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

// atRelay returns the names that the relay finds by a pattern for a query.
func (g *Gateway) atRelay(ctx context.Context, query, folder string) iter.Seq2[peer.Published, error] {
	pattern := query
	if !strings.ContainsAny(query, "*?[") || protocol.CheckPattern(query) != nil {
		var words []string
		for _, word := range strings.Fields(query) {
			words = append(words, peer.Literal(word))
		}
		pattern = "*" + strings.Join(words, "*") + "*"
	}
	if !strings.Contains(pattern, "/") {
		pattern = "**/" + pattern
	}
	if folder != "" {
		pattern = peer.Literal(folder) + "/" + pattern
	}
	return func(yield func(peer.Published, error) bool) {
		for offer, err := range g.client.List(ctx, pattern, false) {
			file := peer.Published{Name: offer.Name, Identity: offer.Identity, Modified: offer.Modified, Nodes: uint32(min(offer.Count, 1<<32-1)), Contents: 1}
			if !yield(file, err) || err != nil {
				return
			}
		}
	}
}
