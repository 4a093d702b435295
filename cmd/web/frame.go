package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"sync"
)

// Link is a link of a page to another one.
type Link struct {
	Text string
	Href string // as Path returns it; "": only the text is shown
}

// Page is what fills the frame.
type Page struct {
	Title    string // of the document and of its h1
	Nav      []Link // of the header; the same on each page of a program
	Here     string // the Href of the link of Nav that this page belongs to
	Crumbs   []Link // where the page is, from the top; the last one is the page itself; may be empty
	Template string // the name of the template whose output goes into main
	Body     any    // what that template shows: its dot
	Live     bool   // the page's URL serves events too; see [Live]
	NoHead   bool   // the template has an h1 of its own
}

// Pages are the templates of a program in the frame. It is safe for concurrent use.
type Pages struct {
	source *template.Template // is never executed, so that it can be cloned

	mu    sync.Mutex
	bound map[string]*template.Template // by base path
}

//go:embed frame/*.html
var frameFiles embed.FS

// NewPages parses the templates of a program: all *.html files of extra, nil for none, each with
// {{define "NAME"}} in it; "head" goes into the head of each page. Besides funcs they have the functions
// of the frame: see [functions]. It panics if one cannot be parsed, as template.Must does.
func NewPages(extra fs.FS, funcs template.FuncMap) *Pages {
	p := &Pages{bound: map[string]*template.Template{}}
	p.source = template.New("").Funcs(functions("/")).Funcs(funcs)
	template.Must(p.source.ParseFS(frameFiles, "frame/*.html"))
	if extra != nil {
		template.Must(p.source.ParseFS(extra, "*.html"))
	}
	return p
}

// Write writes a page. A template that fails costs an error page, never half a page.
func (p *Pages) Write(w http.ResponseWriter, r *http.Request, code int, page Page) {
	body, err := p.Section(r, page.Template, page.Body)
	if err != nil {
		failed(w, r, err)
		return
	}
	var all bytes.Buffer
	err = p.of(r).ExecuteTemplate(&all, "frame", framed{page, body, noScriptEvery})
	if err != nil {
		failed(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(all.Len()))
	header.Add("Vary", "Accept")
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		w.Write(all.Bytes())
	}
}

// Section returns the output of one template: a part of a page, as [Live] sends it.
func (p *Pages) Section(r *http.Request, name string, body any) (template.HTML, error) {
	if name == "" {
		return "", nil
	}
	var out bytes.Buffer
	if err := p.of(r).ExecuteTemplate(&out, name, body); err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	return template.HTML(out.String()), nil
}

// framed is the dot of the frame.
type framed struct {
	Page
	Main  template.HTML
	Every int // after so many seconds a page without scripts is loaded again
}

// noScriptEvery is after how many seconds a page that is kept up to date is loaded again where there
// are no scripts.
const noScriptEvery = 15

// of returns the templates whose links carry the base path of a request. There is one base path in
// a process, and a few in tests.
func (p *Pages) of(r *http.Request) *template.Template {
	base := baseOf(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bound[base] == nil {
		p.bound[base] = template.Must(p.source.Clone()).Funcs(functions(base))
	}
	return p.bound[base]
}
