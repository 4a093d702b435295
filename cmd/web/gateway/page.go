package gateway

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// functions are those that templates have besides the frame's.
var functions = template.FuncMap{"long": cli.Bytes}

// base is what each page has.
type base struct {
	Notices []string // what people should know of the list, in sentences
	Query   string   // in the search box
	Folder  string   // in which to search; "": everywhere
}

// write writes a page.
func (g *Gateway) write(w http.ResponseWriter, r *http.Request, code int, page web.Page) {
	page.Nav = []web.Link{{Text: "Files", Href: web.Path(r, "files/")}, {Text: "Search", Href: web.Path(r, "search")}}
	g.pages.Write(w, r, code, page)
}

// crumbs returns the links to a folder and those around it; with a file or page in it as the last one.
func crumbs(r *http.Request, folder string, last string) []web.Link {
	all := []web.Link{{Text: "all files", Href: web.Path(r, "files/")}}
	for i, c := range folder + "/" {
		if c == '/' && i > 0 {
			all = append(all, web.Link{Text: path.Base(folder[:i]), Href: web.Path(r, "files", folder[:i]+"/")})
		}
	}
	if last != "" {
		return append(all, web.Link{Text: last})
	}
	all[len(all)-1].Href = ""
	return all
}

// notices returns what people should know of the list.
func (g *Gateway) notices(is list) (all []string) {
	if is.Err != nil && is.Snapshot != nil {
		all = append(all, fmt.Sprintf("This list is %v old, for there is no newer one: %s", cli.Roughly(time.Since(is.Taken).Round(time.Second)), g.explain(is.Err)))
	}
	if is.Snapshot == nil {
		return all
	}
	if young := is.Covers.Young; young > 0 {
		all = append(all, fmt.Sprintf("The relay was restarted: names may be missing for up to %v.", cli.Roughly(young)))
	}
	if n := is.Covers.Publishing; n > 0 {
		all = append(all, cli.Count(int(n), "node is still publishing what it has.", "nodes are still publishing what they have."))
	}
	if n := is.Covers.Silent; n > 0 {
		all = append(all, cli.Count(int(n), "node may have", "nodes may have")+" more than is listed: such a file opens by its address, "+
			"which is that of a folder here with the file's name behind it.")
	}
	return all
}

// unlisted answers that there is no list. Asking the relay by a pattern may still go.
func (g *Gateway) unlisted(w http.ResponseWriter, r *http.Request, why error, folder string) {
	b := base{Folder: folder, Notices: []string{"There is no list of files: " + g.explain(why)}}
	g.write(w, r, tellAgain(w, why), web.Page{Title: "No list of files", Crumbs: crumbs(r, folder, ""), Template: "unlisted", Body: b})
}

// pager is where a page is among others of its kind.
type pager struct {
	Page, Pages       int
	Previous, Next    string // links; "": there is none
	From, To, Entries int
	More              bool // there are more than Entries
}

// pageOf returns which page a request is for, from 1 on, of so many that there can be.
func pageOf(r *http.Request, most int) int {
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		return 1
	}
	return min(max(page, 1), most)
}

// paged returns where a page is among the pages of so many entries, each of which has a size.
func paged(r *http.Request, page, size, entries int) pager {
	p := pager{Page: page, Pages: max(1, (entries+size-1)/size), Entries: entries}
	p.From, p.To = min((page-1)*size+1, entries), min(page*size, entries)
	if page > 1 {
		p.Previous = with(r, "page", strconv.Itoa(min(page-1, p.Pages)))
	}
	if page < p.Pages {
		p.Next = with(r, "page", strconv.Itoa(page+1))
	}
	return p
}

// with returns a link to the page of a request with another parameter.
func with(r *http.Request, name, value string) string {
	values := url.Values{}
	for _, kept := range []string{"sort", "hidden", "page", "q", "in"} {
		if v := r.URL.Query().Get(kept); v != "" {
			values.Set(kept, v)
		}
	}
	values.Set(name, value)
	if name != "page" {
		values.Del("page")
	}
	if value == "" {
		values.Del(name)
	}
	return "?" + values.Encode()
}

// row is a file or a folder in a table.
type row struct {
	Name     string // as shown
	Path     string // its whole name
	Folder   bool
	Known    bool // its content is known
	Size     uint64
	Files    int // in a folder
	Nodes    uint32
	Contents uint32
	Modified time.Time // zero: it is not known
	Player   string    // the element that shows it
}

func rowOf(e *peer.Entry, folder string) row {
	path := e.Name
	if folder != "" {
		path = folder + "/" + e.Name
	}
	if e.Folder {
		return row{Name: e.Name, Path: path, Folder: true, Known: true, Files: e.Files, Size: e.Bytes}
	}
	is := rowOfFile(e.File)
	is.Name = e.Name
	return is
}

func rowOfFile(f *peer.Published) row {
	return row{
		Name: f.Name, Path: f.Name, Known: !f.Hash.IsZero(), Size: f.Size, Nodes: f.Nodes, Contents: f.Contents, Modified: f.ModTime(), Player: player(typeOf(f.Name)),
	}
}
