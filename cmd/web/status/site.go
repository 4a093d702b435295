package status

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/web"
)

// site is all that a program shows.
type site struct {
	program, version string
	pages            *web.Pages
	live             web.Live
	now              func() time.Time
	list             []*page // in the order of the navigation
	asks             []ask
	drawn            diagrams
	turns, searches  chan struct{} // one in it for each answer that is being made, or that looks for something
}

// page is one page.
type page struct {
	path     string // below the base; "": the first page
	title    string
	link     string // in the navigation; "": it is not there
	sections []section
	load     func(url.Values) (any, *problem) // what the sections show
}

// section is a part of a page, which is sent again when it has changed.
type section struct {
	id, template string
	still        bool // it never changes: somebody may be typing there
}

// changes reports whether a part of the page does.
func (p *page) changes() bool {
	return slices.ContainsFunc(p.sections, func(one section) bool { return !one.still })
}

// problem is why a request has no answer.
type problem struct {
	status     int
	code, text string
}

//go:embed templates/*.html status.css
var files embed.FS

// newSite returns a site without pages.
func newSite(program, version string, now func() time.Time) *site {
	s := &site{program: program, version: version, now: now, turns: make(chan struct{}, madeAtOnce()), searches: make(chan struct{}, 1)}
	templates, err := fs.Sub(files, "templates")
	if err != nil {
		panic(err) // it is embedded
	}
	s.pages = web.NewPages(templates, s.functions())
	return s
}

// madeAtOnce is how many answers are made at once: half of the processors stay for what the program is there for, whose
// requests would wait behind each answer that is being made.
func madeAtOnce() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// inTurn makes an answer, once it is its turn, and reports whether it was. Searches, which take long, wait for each other first, so
// that no other answer waits for more than one of them. Nothing is sent meanwhile: who reads slowly would keep all waiting.
func (s *site) inTurn(r *http.Request, query url.Values, make func()) bool {
	waits := []chan struct{}{s.turns}
	if query.Get("search") != "" {
		waits = []chan struct{}{s.searches, s.turns}
	}
	for _, turn := range waits {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-r.Context().Done():
			return false
		}
	}
	make()
	return true
}

// ServeHTTP implements [http.Handler].
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	switch {
	case path == "api/v1":
		http.Redirect(w, r, web.Path(r, apiPath), http.StatusMovedPermanently)
		return
	case strings.HasPrefix(path, apiPath):
		s.answer(w, r, strings.TrimPrefix(path, apiPath))
		return
	case path == "status.css":
		styles.Serve(w, r, r.URL.Query().Get("v"))
		return
	}
	for _, p := range s.list {
		if p.path == path {
			s.show(w, r, p)
			return
		}
	}
	web.Fail(w, r, http.StatusNotFound, "there is no such page")
}

// idleShare is for how many times as long as a page took to make it is left as it is: a search among a
// million names takes a while, and somebody may have left its page open.
const idleShare = 30

// sparing calls render seldom where that takes long.
func sparing(render func() web.Sections) func() web.Sections {
	var kept web.Sections
	var next time.Time
	return func() web.Sections {
		begin := time.Now()
		if kept == nil || !begin.Before(next) {
			kept = render()
			end := time.Now()
			next = end.Add(idleShare * end.Sub(begin))
		}
		return kept
	}
}

// rendered is a section that is made.
type rendered struct {
	ID   string
	HTML template.HTML
}

// show writes a page, or keeps it up to date.
func (s *site) show(w http.ResponseWriter, r *http.Request, p *page) {
	query := r.URL.Query()
	if web.WantsLive(r) {
		s.live.Serve(w, r, sparing(func() web.Sections {
			all := web.Sections{}
			s.inTurn(r, query, func() {
				made, _ := s.render(r, p, query, true)
				for _, one := range made {
					all[one.ID] = one.HTML
				}
			})
			return all
		}))
		return
	}
	var made []rendered
	var wrong *problem
	if !s.inTurn(r, query, func() { made, wrong = s.render(r, p, query, false) }) {
		panic(http.ErrAbortHandler) // nobody waits any more
	}
	if wrong != nil {
		web.Fail(w, r, wrong.status, wrong.text)
		return
	}
	s.pages.Write(w, r, http.StatusOK, web.Page{
		Title: p.title, Nav: s.navigation(r), Here: web.Path(r, p.path), Template: "sections", Body: made, Live: p.changes(),
	})
}

// notMade stands in place of a section whose template has failed.
const notMade = "<p>This part of the page could not be made.</p>"

// render returns the sections of a page, or those alone that change. A section that cannot be made has a line that
// says so: the rest of the page is of use.
func (s *site) render(r *http.Request, p *page, query url.Values, changing bool) (all []rendered, wrong *problem) {
	body, wrong := p.load(query)
	if wrong != nil {
		return nil, wrong
	}
	for _, one := range p.sections {
		if changing && one.still {
			continue
		}
		html, err := s.pages.Section(r, one.template, body)
		if err != nil {
			html = notMade
		}
		all = append(all, rendered{one.id, html})
	}
	return all, nil
}

func (s *site) navigation(r *http.Request) (links []web.Link) {
	for _, p := range s.list {
		if p.link != "" {
			links = append(links, web.Link{Text: p.link, Href: web.Path(r, p.path)})
		}
	}
	return links
}

// styles are what the drawings and cards look like.
var styles = func() web.Asset {
	data, err := files.ReadFile("status.css")
	if err != nil {
		panic(err) // it is embedded
	}
	return web.NewAsset("status.css", data)
}()
