package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// hostile is a name that tries to be more than a text.
const hostile = "a\u202egpj.\x1b<script>alert(1)</script>\"'&\u2066"

func page(t *testing.T, r *http.Request, source string, page Page) *httptest.ResponseRecorder {
	t.Helper()
	pages := NewPages(fstest.MapFS{"x.html": {Data: []byte(source)}}, nil)
	w := httptest.NewRecorder()
	pages.Write(w, r, 200, page)
	return w
}

func TestAHostileNameStaysText(t *testing.T) {
	const source = `{{define "x"}}<p title="{{shown .}}">{{name .}} {{shown .}}</p><a href="{{path "files" .}}">x</a>{{template "search" search .}}{{end}}`
	pages := NewPages(fstest.MapFS{"x.html": {Data: []byte(source)}}, template.FuncMap{"search": func(text string) Search { return Search{Action: text, Label: text, Value: text, Hint: text} }})
	w := httptest.NewRecorder()
	pages.Write(w, httptest.NewRequest("GET", "/", nil), 200, Page{
		Title: hostile, Nav: []Link{{hostile, "javascript:alert(1)"}}, Crumbs: []Link{{hostile, "/x"}, {hostile, ""}}, Template: "x", Body: hostile,
	})
	body := w.Body.String()
	if w.Code != 200 || strings.Contains(body, "<script>alert") || strings.Contains(body, "javascript:") || strings.Contains(body, "\x1b<") {
		t.Errorf("%d: %s", w.Code, body)
	}
	for _, part := range strings.Split(body, "\n") {
		if strings.ContainsAny(part, "\u202e\u2066") && !strings.Contains(part, "<input") { // what was typed is given back as it was
			t.Errorf("it turns the text around: %s", part)
		}
	}
	if !strings.Contains(body, "<bdi>a?gpj.?&lt;script&gt;") {
		t.Error(body)
	}
}

func TestAPageIsWholeOrAnErrorPage(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "text/html")
	w := page(t, r, `{{define "x"}}half {{.Missing}}{{end}}`, Page{Title: "T", Template: "x", Body: struct{}{}})
	if body := w.Body.String(); w.Code != 500 || strings.Contains(body, "half") || !strings.Contains(body, "<h1>") {
		t.Errorf("%d: %s", w.Code, body)
	}
}

func TestTheFrameHasWhatAReaderNeeds(t *testing.T) {
	r := withVisit(httptest.NewRequest("GET", "/", nil), visit{base: "/p/"})
	w := page(t, r, `{{define "x"}}<h2>Part</h2>{{end}}`, Page{Title: "T", Nav: []Link{{"One", "/p/"}, {"Two", "/p/two"}}, Here: "/p/two", Template: "x", Live: true})
	body := w.Body.String()
	for _, part := range []string{
		"<!doctype html>\n<html lang=\"en\">", "width=device-width", `<title>T · relaypeer</title>`, `<a class="skip" href="#main">`,
		`<main id="main"`, `<li><a href="/p/two" aria-current="page">Two</a></li>`, `<li><a href="/p/">One</a></li>`, `aria-live="polite"`, "<h2>Part</h2>",
		`<noscript><meta http-equiv="refresh"`, `href="/p/` + assetPath(sheet) + `"`, `src="/p/` + assetPath("live.js") + `"`,
	} {
		if !strings.Contains(body, part) {
			t.Errorf("%s is missing: %s", part, body)
		}
	}
	if strings.Count(body, "<h1") != 1 || strings.Contains(body, "style=") || strings.Contains(body, "://") {
		t.Error(body)
	}
	if w := page(t, r, `{{define "x"}}{{end}}`, Page{Title: "T", Template: "x"}); strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), "refresh") {
		t.Error(w.Body.String())
	}
}

func TestTheFunctionsOfTemplates(t *testing.T) {
	then := time.Date(2026, 1, 2, 1, 4, 5, 0, time.UTC)
	body := map[string]any{"Then": then, "Zero": time.Time{}, "Name": "a b/c?.txt", "N": uint32(1234567)}
	for source, want := range map[string]string{
		`{{path}}`: "/", `{{path "files" .Name}}`: "/files/a%20b/c%3F.txt", `{{path "files/"}}`: "/files/", `{{path "files" "a/"}}`: "/files/a/",
		`{{query (path "files") "q" "a b" "c" ""}}`: "/files?q=a&#43;b", `{{query "/x" "c" ""}}`: "/x",
		`{{bytes .N}}`: "1.2 MiB", `{{bytes -5}}`: "0 bytes", `{{rate 2048.7}}`: "2 KiB/s", `{{count .N}}`: "1,234,567", `{{count 999}}`: "999",
		`{{plural 1 "node" "nodes"}} {{plural .N "node" "nodes"}}`: "1 node 1,234,567 nodes", `{{percent 1 3}}`: "33",
		`{{date .Then}}`: "2026-01-02 01:04 UTC", `{{date .Zero}}`: "-",
		`{{stamp .Then}}`:           "2026-01-02T01:04:05Z",
		`{{short "0123456789abc"}}`: "0123456789ab", `{{short "ab"}}`: "ab", `{{name "x"}}`: "<bdi>x</bdi>",
	} {
		w := page(t, httptest.NewRequest("GET", "/", nil), `{{define "x"}}(`+source+`){{end}}`, Page{Template: "x", Body: body})
		if !strings.Contains(w.Body.String(), "("+want+")") {
			t.Errorf("%s: %s", source, w.Body.String())
		}
	}
	w := page(t, httptest.NewRequest("GET", "/", nil), `{{define "x"}}{{bytes "many"}}{{end}}`, Page{Template: "x"})
	if w.Code != 500 {
		t.Error(w.Body.String())
	}
}

func TestAnErrorIsAPageOrALine(t *testing.T) {
	for accept, html := range map[string]bool{
		"": false, "*/*": false, "text/html": true, "text/html;q=0": false, "text/html; q=0.0, */*": false, "application/json": false,
		"application/xhtml+xml,TEXT/HTML;q=0.9,*/*;q=0.8": true, "text/htmlx": false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		w.Header().Set("ETag", `"of what was to come"`)
		Fail(w, r, 404, "no such <thing>\x1b")
		body := w.Body.String()
		if w.Code != 404 || w.Header().Get("ETag") != "" || w.Header().Get("Content-Length") != fmt.Sprint(len(body)) {
			t.Errorf("%q: %d, %v", accept, w.Code, w.Header())
		}
		if html && !strings.Contains(body, "no such &lt;thing&gt;?") || !html && body != "no such <thing>?\n" {
			t.Errorf("%q: %s", accept, body)
		}
	}
}

func TestAssetsAreKeptByTheHashInTheirPath(t *testing.T) {
	for name := range assets() {
		for path, kept := range map[string]string{"/" + assetPath(name): assetAge, "/-/old/" + name: "no-cache"} {
			w := httptest.NewRecorder()
			Assets().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			if w.Code != 200 || w.Header().Get("Cache-Control") != kept || w.Header().Get("Content-Type") != assetTypes[name[strings.LastIndex(name, "."):]] {
				t.Errorf("%s: %d, %v", path, w.Code, w.Header())
			}
			again := httptest.NewRequest("GET", path, nil)
			again.Header.Set("If-None-Match", w.Header().Get("ETag"))
			w = httptest.NewRecorder()
			Assets().ServeHTTP(w, again)
			if w.Code != 304 {
				t.Errorf("%s again: %d", path, w.Code)
			}
		}
	}
	for _, path := range []string{"/-/", "/-/x", "/-/x/../style.css", "/-/x/none.css"} {
		w := httptest.NewRecorder()
		Assets().ServeHTTP(w, httptest.NewRequest("GET", "http://localhost"+path, nil))
		if w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
