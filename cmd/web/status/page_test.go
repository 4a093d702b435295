package status

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get returns what a site answers to a browser.
func get(t *testing.T, s http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// element is an element of a page, with the text of all that is in it.
type element struct {
	name       string
	attributes map[string]string
	text       string
	within     []string // names of those around it
}

// voids are elements without an end.
var voids = []string{"meta", "link", "input", "img", "br", "hr"}

// parse reads a page strictly: each element is closed, and each attribute is in quotes. The pages are written so.
func parse(t *testing.T, page string) (all []*element) {
	t.Helper()
	page, is := strings.CutPrefix(page, "<!doctype html>")
	if !is {
		t.Fatalf("no document type: %.60q", page)
	}
	void := regexp.MustCompile(`<(` + strings.Join(voids, "|") + `)\b([^>]*[^/>])?>`)
	page = regexp.MustCompile(`(<script[^>]*?) (defer|async)>`).ReplaceAllString(page, `$1>`)
	page = regexp.MustCompile(`(<body[^>]*?) data-live>`).ReplaceAllString(page, `$1>`)
	decoder := xml.NewDecoder(strings.NewReader(void.ReplaceAllString(page, "<$1$2/>")))
	decoder.Entity = xml.HTMLEntity
	var open []*element
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			line, _ := decoder.InputPos()
			t.Fatalf("line %d: %v: %s", line, err, strings.Split(page, "\n")[line-1])
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attributes: map[string]string{}}
			for _, a := range token.Attr {
				e.attributes[a.Name.Local] = a.Value
			}
			for _, around := range open {
				e.within = append(e.within, around.name)
			}
			open, all = append(open, e), append(all, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, e := range open {
				e.text += string(token)
			}
		}
	}
	return all
}

func with(all []*element, name string) (found []*element) {
	for _, e := range all {
		if e.name == name {
			found = append(found, e)
		}
	}
	return found
}

// shownSite is a site with the paths of all its pages.
type shownSite struct {
	name  string
	site  *site
	paths []string
}

func sites() (all []shownSite) {
	relayPaths := []string{"/", "/nodes", "/nodes?search=x&cursor=1&limit=2", "/files", "/files?search=**/*.jpg", "/file?name=a/1", "/file?hash=" + hashOf(1).String(), "/circuits", "/machines", "/api"}
	nodePaths := []string{"/", "/uploads", "/unshared", "/unshared?cursor=1&limit=1", "/machines", "/api"}
	for _, rows := range []int{0, 1, 130} {
		m := &fakeMeters{}
		if rows > 0 {
			m = busyMeters()
		}
		r, n := &fakeRelay{}, &fakeNode{}
		if rows > 0 {
			r, n = busyRelay(rows, rows, hostile), busyNode(rows, hostile)
		}
		all = append(all, shownSite{fmt.Sprintf("relay with %d", rows), relaySite(r, m, "v1", at), append(relayPaths, "/file?name="+url.QueryEscape(hostile+"/0"))})
		all = append(all, shownSite{fmt.Sprintf("node with %d", rows), nodeSite(n, m, "v1", at), nodePaths})
	}
	return all
}

// everyPage calls check for each page of each site.
func everyPage(t *testing.T, check func(t *testing.T, page string, all []*element)) {
	for _, s := range sites() {
		for _, path := range s.paths {
			t.Run(s.name+" "+path, func(t *testing.T) {
				w := get(t, s.site, path)
				if w.Code != http.StatusOK {
					t.Fatalf("%d: %s", w.Code, w.Body)
				}
				if strings.Contains(w.Body.String(), notMade) {
					t.Error("a part of the page could not be made")
				}
				check(t, w.Body.String(), parse(t, w.Body.String()))
			})
		}
	}
}

// TestNoNameBecomesMarkup: what peers have chosen is text in each page, and nothing else.
func TestNoNameBecomesMarkup(t *testing.T) {
	everyPage(t, func(t *testing.T, page string, all []*element) {
		for _, e := range all {
			if e.name == "script" && e.text != "" || e.name == "img" && e.attributes["src"] == "x" {
				t.Errorf("%+v", e)
			}
			for name, value := range e.attributes {
				if strings.HasPrefix(name, "on") || name == "style" {
					t.Errorf("%s has %s=%q", e.name, name, value)
				}
				if (name == "href" || name == "src") && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "#") {
					t.Errorf("%s leads to %q", e.name, value)
				}
			}
		}
		if strings.ContainsAny(page, "\x00\u202e\u2066") || strings.Contains(page, "ZgotmplZ") {
			t.Error("a control character is in the page, or a value that a template refused")
		}
	})
}

// TestHostileNamesAreShown: a name is there for people to see, as far as it can be seen.
func TestHostileNamesAreShown(t *testing.T) {
	for path, s := range map[string]*site{
		"/files": relaySite(busyRelay(2, 1, hostile), busyMeters(), "v1", at), "/nodes": relaySite(busyRelay(2, 1, hostile), busyMeters(), "v1", at),
		"/uploads": nodeSite(busyNode(1, hostile), busyMeters(), "v1", at), "/unshared": nodeSite(busyNode(1, hostile), busyMeters(), "v1", at), "/": nodeSite(busyNode(1, hostile), busyMeters(), "v1", at),
	} {
		shown := false
		for _, e := range parse(t, get(t, s, path).Body.String()) {
			shown = shown || e.name == "bdi" && strings.HasPrefix(e.text, "<img src=x onerror=alert(1)>\"'></script>?gpj.exe?")
		}
		if !shown {
			t.Errorf("%s does not show the name", path)
		}
	}
}

// TestPagesAreForEverybody: headings are in order, regions and drawings have names, forms have labels, ids are there once,
// tables have headings, and there is something without scripts.
func TestPagesAreForEverybody(t *testing.T) {
	everyPage(t, func(t *testing.T, page string, all []*element) {
		last, ids := 0, map[string]bool{}
		for _, e := range all {
			if level := strings.Index("123456", strings.TrimPrefix(e.name, "h")) + 1; len(e.name) == 2 && e.name[0] == 'h' && level > 0 {
				if level > last+1 || last == 0 && level != 1 || strings.TrimSpace(e.text) == "" {
					t.Errorf("%s %q follows h%d", e.name, e.text, last)
				}
				last = level
			}
			if id, has := e.attributes["id"]; has && ids[id] {
				t.Errorf("two elements are %q", id)
			} else if has {
				ids[id] = true
			}
		}
		for _, e := range all {
			for _, id := range strings.Fields(e.attributes["aria-labelledby"]) {
				if !ids[id] {
					t.Errorf("%s is named by %q, which is not there", e.name, id)
				}
			}
			switch {
			case e.attributes["role"] == "region" && (e.attributes["aria-label"] == "" || e.attributes["tabindex"] != "0"):
				t.Errorf("a region has no name, or the keyboard does not reach it: %+v", e.attributes)
			case e.name == "svg" && e.attributes["aria-hidden"] != "true" && (e.attributes["role"] != "img" || e.attributes["aria-labelledby"] == ""):
				t.Errorf("a drawing has no name: %+v", e.attributes)
			case (e.name == "input" || e.name == "select") && !slices.Contains(e.within, "label"):
				t.Errorf("a field has no label: %+v", e.attributes)
			case e.name == "th" && e.attributes["scope"] == "":
				t.Errorf("the heading %q is of nothing", e.text)
			case e.name == "table" && !slices.Contains(e.within, "div"):
				t.Errorf("a table scrolls nowhere: %.60q", e.text)
			case e.name == "time" && !strings.HasSuffix(e.attributes["datetime"], "Z"):
				t.Errorf("a time is none: %+v", e.attributes)
			case e.name == "html" && e.attributes["lang"] == "":
				t.Error("the language is not told")
			}
		}
		if live := strings.Contains(page, "<noscript><meta http-equiv=\"refresh\""); live == strings.Contains(page, "<title>API") {
			t.Error("a page that changes does so without scripts as well, and the one that does not is left alone")
		}
	})
}

// TestPagesAreBounded: with as many rows as there may be, and the longest names, no page has more than a megabyte.
func TestPagesAreBounded(t *testing.T) {
	long := strings.Repeat("&<\">", protocol.MaxName/4)
	r, n := busyRelay(1500, 1500, long[:protocol.MaxName-6]), busyNode(peer.MaxUploadsTold, long[:protocol.MaxName-6])
	for _, s := range []shownSite{{"relay", relaySite(r, busyMeters(), "v1", at), []string{"/", "/nodes", "/files", "/file?name=" + url.QueryEscape(r.files[0].Name), "/circuits", "/machines", "/api"}},
		{"node", nodeSite(n, busyMeters(), "v1", at), []string{"/", "/uploads", "/unshared", "/machines", "/api"}}} {
		for _, path := range s.paths {
			if size := get(t, s.site, path).Body.Len(); size > maxPage {
				t.Errorf("%s %.20s has %d bytes", s.name, path, size)
			}
		}
	}
}

// maxPage is the most bytes of a page.
const maxPage = 1 << 20

func TestPagesFollowEachOther(t *testing.T) {
	r := busyRelay(250, 250, "n")
	s := relaySite(r, busyMeters(), "v1", at)
	for _, start := range []string{"/files", "/nodes?limit=50", "/files?search=a+%26b&limit=99"} {
		rows, path := 0, start
		for range 10 {
			all := parse(t, get(t, s, path).Body.String())
			for _, e := range with(all, "tr") {
				if slices.Contains(e.within, "tbody") {
					rows++
				}
			}
			next := slices.IndexFunc(all, func(e *element) bool { return e.attributes["rel"] == "next" })
			if path = ""; next >= 0 {
				path = all[next].attributes["href"]
				continue
			}
			break
		}
		if rows != 250 || path != "" {
			t.Errorf("%s: %d rows in all, then %q", start, rows, path)
		}
	}
	if r.asked.Search != "a &b" || r.asked.Limit != 99 {
		t.Errorf("the search is lost on the way: %+v", r.asked)
	}
}

func TestWhatWasSearchedForStaysInItsField(t *testing.T) {
	s := relaySite(busyRelay(3, 3, "n"), busyMeters(), "v1", at)
	for _, path := range []string{"/nodes", "/files"} {
		all := parse(t, get(t, s, path+"?search="+url.QueryEscape(`"><b>x`)).Body.String())
		if input := with(all, "input"); len(input) != 1 || input[0].attributes["value"] != `"><b>x` || len(with(all, "b")) > 0 {
			t.Errorf("%s: %+v", path, input)
		}
	}
}

func TestRequestsThatMakeNoSenseAreToldSo(t *testing.T) {
	s := relaySite(busyRelay(3, 3, "n"), busyMeters(), "v1", at)
	for path, want := range map[string]int{
		"/nope": 404, "/nodes/": 404, "/files?limit=0": 400, "/files?limit=501": 400, "/files?limit=x": 400, "/files?search=" + strings.Repeat("x", maxSearch+1): 400,
		"/file": 400, "/file?hash=00": 400, "/file?name=" + strings.Repeat("x", protocol.MaxName+1): 400, "/files?cursor=nonsense": 200, "/api/v1": 301, "/status.css": 200,
	} {
		if w := get(t, s, path); w.Code != want {
			t.Errorf("%.30s: %d", path, w.Code)
		}
	}
}

func TestLinksStayBelowTheBase(t *testing.T) {
	if w := get(t, relaySite(busyRelay(1, 1, "n"), busyMeters(), "v1", at), "/api/v1"); w.Header().Get("Location") != "/api/v1/" {
		t.Errorf("%v", w.Header())
	}
}
