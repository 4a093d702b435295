package gateway

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// folderPage is how many entries a page of a folder has.
const folderPage = 500

// folder is the body of a folder's page.
type folder struct {
	base
	pager
	Rows      []row
	Sum       peer.Sum
	Columns   []column
	Shown     bool // hidden files are
	HiddenNow int  // how many files are not shown, for they are hidden
	Hide      string
	Show      string
}

// column is the head of a column, by which the rows can be sorted.
type column struct {
	Text, Href string
	Sorted     string // ascending, descending, or "": by another one
	Number     bool
}

// order is a way to sort the entries of a folder. Folders come first in any of them.
type order struct {
	name, text string
	number     bool // the largest come first
	compare    func(a, b *peer.Entry) int
}

var orders = []order{
	{"name", "Name", false, func(a, b *peer.Entry) int { return strings.Compare(a.Name, b.Name) }},
	{"size", "Size", true, func(a, b *peer.Entry) int { return cmp.Compare(sizeOf(a), sizeOf(b)) }},
	{"date", "Date", true, func(a, b *peer.Entry) int { return cmp.Compare(dateOf(a), dateOf(b)) }},
	{"nodes", "Nodes", true, func(a, b *peer.Entry) int { return cmp.Compare(nodesOf(a), nodesOf(b)) }},
}

func sizeOf(e *peer.Entry) uint64 {
	if e.Folder {
		return e.Bytes
	}
	return e.File.Size
}

func dateOf(e *peer.Entry) uint64 {
	if e.Folder {
		return 0
	}
	return e.File.Modified
}

func nodesOf(e *peer.Entry) uint32 {
	if e.Folder {
		return 0
	}
	return e.File.Nodes
}

// serveFolder writes a folder as a page.
func (g *Gateway) serveFolder(w http.ResponseWriter, r *http.Request, name string) {
	is := g.listOf(r.Context(), name)
	if is.Snapshot == nil {
		g.unlisted(w, r, is.Err, name)
		return
	}
	if name != "" && len(is.Below(name)) == 0 {
		if _, file := is.Find(name); file {
			redirect(w, r, "files", name)
			return
		}
		web.Fail(w, r, http.StatusNotFound, "no folder with that name is listed")
		return
	}
	body, err := g.bodyOf(r, is, name)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	title := "All files"
	if name != "" {
		title = path.Base(name)
	}
	g.write(w, r, http.StatusOK, web.Page{Title: title, Here: web.Path(r, "files/"), Crumbs: crumbs(r, name, ""), Template: "folder", Body: body})
}

// listOf returns the list: a newer one if a folder is not in it.
func (g *Gateway) listOf(ctx context.Context, folder string) list {
	is := g.list.look(ctx)
	if is.Snapshot != nil && len(is.Below(folder)) == 0 {
		is = g.list.again(ctx, is)
	}
	return is
}

// bodyOf returns what a folder's page shows, once it may look through the list.
func (g *Gateway) bodyOf(r *http.Request, is list, name string) (*folder, error) {
	if err := g.scanning.wait(r.Context()); err != nil {
		return nil, err
	}
	defer g.scanning.leave()
	asked := r.URL.Query().Get("hidden") == "1"
	hidden := asked || protocol.Hidden(name)
	sort := r.URL.Query().Get("sort")
	page := pageOf(r, MostNames/folderPage)
	some, entries := window(is.Entries(name, hidden), comparing(sort), (page-1)*folderPage, page*folderPage)
	f := &folder{
		base: base{Notices: g.notices(is), Folder: name}, pager: paged(r, page, folderPage, entries), Sum: is.Sum(name, hidden),
		Columns: columnsOf(r, sort), Shown: asked, Hide: with(r, "hidden", ""), Show: with(r, "hidden", "1"),
	}
	if !hidden {
		f.HiddenNow = is.Sum(name, true).Files - f.Sum.Files
	}
	for i := range some {
		f.Rows = append(f.Rows, rowOf(&some[i], name))
	}
	return f, nil
}

// ordered returns the order that a request asks for: a name of orders, with - before it for the other way round.
func ordered(sort string) (by order, back bool) {
	name, back := strings.CutPrefix(sort, "-")
	at := slices.IndexFunc(orders, func(o order) bool { return o.name == name })
	if at < 0 {
		return orders[0], false
	}
	return orders[at], back
}

// comparing returns how two entries are compared in the order that a request asks for.
func comparing(sort string) func(a, b *peer.Entry) int {
	by, back := ordered(sort)
	sign := 1
	if back != by.number {
		sign = -1
	}
	return func(a, b *peer.Entry) int {
		switch {
		case a.Folder == b.Folder:
			return cmp.Or(sign*by.compare(a, b), strings.Compare(a.Name, b.Name))
		case a.Folder:
			return -1
		}
		return 1
	}
}

// columnsOf returns the heads of the columns. Each leads to the page sorted by it, and the one by which it is sorted to
// the other way round.
func columnsOf(r *http.Request, sort string) (all []column) {
	now, back := ordered(sort)
	for _, o := range orders {
		c := column{Text: o.text, Href: with(r, "sort", o.name), Number: o.number}
		if o.name == now.name {
			c.Sorted = "ascending"
			if back != o.number {
				c.Sorted = "descending"
			}
			if !back {
				c.Href = with(r, "sort", "-"+o.name)
			}
		}
		all = append(all, c)
	}
	return all
}

// window returns the entries from one place to another in an order, and how many there are. It keeps twice as many as
// come before the second place.
func window(all iter.Seq[peer.Entry], compare func(a, b *peer.Entry) int, from, to int) (some []peer.Entry, entries int) {
	sort := func() {
		slices.SortFunc(some, func(a, b peer.Entry) int { return compare(&a, &b) })
		some = some[:min(to, len(some))]
	}
	var last *peer.Entry // what comes behind it is in no window
	for entry := range all {
		entries++
		if last != nil && compare(&entry, last) > 0 {
			continue
		}
		if some = append(some, entry); len(some) == 2*to {
			sort()
			bound := some[to-1]
			last = &bound
		}
	}
	sort()
	return some[min(from, len(some)):], entries
}
