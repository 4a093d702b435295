package status

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

var update = flag.Bool("update", false, "write the tables of README.md anew")

func emptySites() []*site {
	return []*site{relaySite(&fakeRelay{}, &fakeMeters{}, "v1", at), nodeSite(&fakeNode{}, &fakeMeters{}, "v1", at)}
}

func busySites() []*site {
	return []*site{relaySite(busyRelay(9, 9, "n"), busyMeters(), "v1", at), nodeSite(busyNode(9, "n"), busyMeters(), "v1", at)}
}

// queries are what has to be asked for.
var queries = map[string]string{"holders": "?name=n/1"}

// TestTheDocumentSaysWhatTheCodeAnswers: each table of README.md is what the answers' types say. With -update it
// is written anew.
func TestTheDocumentSaysWhatTheCodeAnswers(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, s := range emptySites() {
		for _, a := range append(s.asks, ask{path: "errors", shape: apiError{}}, ask{path: "index", shape: apiIndex{}}) {
			name := s.program + " " + a.path
			if a.path == "errors" || a.path == "index" {
				name = a.path
			}
			region := regexp.MustCompile(`(?s)(<!-- ` + regexp.QuoteMeta(name) + ` -->\n).*?(<!-- end -->)`)
			if !region.MatchString(text) {
				t.Errorf("README.md has no region %q", name)
			}
			text = region.ReplaceAllString(text, "${1}"+strings.ReplaceAll(tableOf(a), "$", "$$")+"${2}")
		}
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if text != string(data) {
		t.Error("README.md is stale: go test ./cmd/web/status -run Document -update")
	}
}

// tableOf returns the document's table of an answer.
func tableOf(a ask) string {
	var b strings.Builder
	if len(a.parameters) > 0 {
		b.WriteString("\n| parameter | meaning |\n|---|---|\n")
		for _, p := range a.parameters {
			fmt.Fprintf(&b, "| `%s` | %s |\n", p.Name, p.About)
		}
	}
	b.WriteString("\n| key | type | unit | meaning |\n|---|---|---|---|\n")
	for _, k := range keysOf(a.shape) {
		empty := ""
		if k.Empty {
			empty = " ?"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s | %s | %s |\n", k.Name, empty, k.Type, k.Unit, k.About)
	}
	return b.String() + "\n"
}

// TestEachKeyIsDocumentedAndWellNamed: in snake case, with a meaning, and with a unit where the name has one.
func TestEachKeyIsDocumentedAndWellNamed(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, s := range emptySites() {
		for _, a := range append(s.asks, ask{path: "errors", shape: apiError{}}, ask{path: "index", shape: apiIndex{}}) {
			for _, k := range keysOf(a.shape) {
				last := k.Name[strings.LastIndex(k.Name, ".")+1:]
				if !name.MatchString(last) || k.About == "" || k.About != strings.TrimSpace(k.About) {
					t.Errorf("%s: %+v", a.path, k)
				}
				if unit := map[bool]string{strings.HasSuffix(last, "_ms"): "ms", strings.HasSuffix(last, "bytes"): "bytes", strings.Contains(last, "bytes_per_second"): "bytes/s"}[true]; unit != "" && k.Unit != unit && !strings.Contains(k.Type, "list") {
					t.Errorf("%s: the unit of %s is %q", a.path, k.Name, k.Unit)
				}
			}
		}
	}
}

// TestAnswersHaveTheDocumentedKeysAlone: those that are not left out where they are empty are there in
// any case, whether there is much to tell or nothing, and no others are.
func TestAnswersHaveTheDocumentedKeysAlone(t *testing.T) {
	for n, s := range append(emptySites(), busySites()...) {
		for _, a := range s.asks {
			var answer map[string]any
			if w := get(t, s, "/api/v1/"+a.path+queries[a.path]); w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || json.Unmarshal(w.Body.Bytes(), &answer) != nil {
				t.Fatalf("%s: %d %s", a.path, w.Code, w.Body)
			}
			keys := keysOf(a.shape)
			seen := map[string]bool{}
			checkKeys(t, a.path, "", answer, keys, seen)
			for _, k := range keys {
				if n >= 2 && !seen[k.Name] && !slices.Contains(notSeen, k.Name) {
					t.Errorf("%s: no answer has %s", a.path, k.Name)
				}
			}
		}
	}
}

// notSeen are keys that exclude others of the same sample.
var notSeen = []string{"hash", "files[].mark", "holders[].mark", "holders[].why", "mark", "next", "listed.renew", "share.next_walk", "used[].from", "circuits.since"}

func checkKeys(t *testing.T, path, above string, value any, keys []key, seen map[string]bool) {
	t.Helper()
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			checkKeys(t, path, strings.TrimSuffix(above, ".")+"[].", one, keys, seen)
		}
	case map[string]any:
		for _, k := range keys {
			rest, below := strings.CutPrefix(k.Name, above)
			if _, has := value[rest]; below && !strings.Contains(rest, ".") && !k.Empty && !has {
				t.Errorf("%s: %s is missing", path, k.Name)
			}
		}
		for name, inner := range value {
			full := above + name
			at := slices.IndexFunc(keys, func(k key) bool { return k.Name == full })
			if at < 0 {
				if of := slices.IndexFunc(keys, func(k key) bool { return k.Name+"." == above }); of < 0 || keys[of].Type != "object of numbers" {
					t.Errorf("%s: %s is not documented", path, full)
				}
				continue
			}
			seen[full] = true
			checkType(t, path, keys[at], inner)
			checkKeys(t, path, full+".", inner, keys, seen)
		}
	}
}

func checkType(t *testing.T, path string, k key, value any) {
	t.Helper()
	var is bool
	switch value := value.(type) {
	case string:
		is = k.Type == "text" || strings.HasPrefix(k.Type, "time")
		if k.Type == "time" {
			_, err := time.Parse(time.RFC3339, value)
			is = err == nil && strings.HasSuffix(value, "Z")
		}
	case float64:
		is = strings.HasPrefix(k.Type, "number")
	case bool:
		is = k.Type == "true or false"
	case []any:
		is = strings.HasPrefix(k.Type, "list")
	case map[string]any:
		is = strings.HasPrefix(k.Type, "object")
	case nil:
		is = strings.HasSuffix(k.Type, "or null")
	}
	if !is {
		t.Errorf("%s: %s is no %s: %v", path, k.Name, k.Type, value)
	}
}

// TestTheIndexLeadsToEachAnswer: and each answer, without parameters, is one or says what is needed.
func TestTheIndexLeadsToEachAnswer(t *testing.T) {
	for _, s := range busySites() {
		var index apiIndex
		if err := json.Unmarshal(get(t, s, "/api/v1/").Body.Bytes(), &index); err != nil || index.API != 1 || index.Program != s.program || len(index.Endpoints) != len(s.asks) {
			t.Fatalf("%+v, %v", index, err)
		}
		for _, e := range index.Endpoints {
			if w := get(t, s, "/api/v1/"+e.Path); w.Code != 200 && !(e.Path == "holders" && w.Code == 400) {
				t.Errorf("%s: %d", e.Path, w.Code)
			}
		}
	}
}

func TestAMisspelledParameterIsToldWhichThereAre(t *testing.T) {
	s := busySites()[0]
	for path, want := range map[string]string{"files?serch=x": "there are: search, cursor, limit", "overview?limit=1": "there is none here"} {
		if is := get(t, s, "/api/v1/"+path).Body.String(); !strings.Contains(is, want) {
			t.Errorf("%s: %s", path, is)
		}
	}
}

func TestErrorsOfTheAPIHaveCodes(t *testing.T) {
	s := busySites()[0]
	for path, want := range map[string]string{
		"nope": "404 not-found", "files?limit=0": "400 bad-limit", "files?limit=many": "400 bad-limit", "files?serch=x": "400 bad-parameter", "files?a;b": "400 bad-parameter",
		"overview?limit=1": "400 bad-parameter", "holders": "400 bad-name", "holders?hash=12": "400 bad-hash", "files?search=" + strings.Repeat("x", maxSearch+1): "400 bad-parameter",
		"holders?name=" + strings.Repeat("x", protocol.MaxName+1): "400 bad-name",
	} {
		w := get(t, s, "/api/v1/"+path)
		var answer apiError
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || fmt.Sprintf("%d %s", w.Code, answer.Error.Code) != want || answer.Error.Text == "" {
			t.Errorf("%.30s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestNamesOfTheAPIAreWhatTheyAre: no escaping for HTML, and no bytes that are no JSON.
func TestNamesOfTheAPIAreWhatTheyAre(t *testing.T) {
	s := relaySite(busyRelay(1, 1, hostile), busyMeters(), "v1", at)
	var page filesPage
	if err := json.Unmarshal(get(t, s, "/api/v1/files").Body.Bytes(), &page); err != nil || page.Files[0].Name != strings.ToValidUTF8(hostile, "\ufffd")+"/0" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestPagesOfTheAPIFollowEachOther(t *testing.T) {
	s := relaySite(busyRelay(250, 250, "n"), busyMeters(), "v1", at)
	seen, cursor := map[string]bool{}, ""
	for range 10 {
		var page filesPage
		if err := json.Unmarshal(get(t, s, "/api/v1/files?limit=60&cursor="+url.QueryEscape(cursor)).Body.Bytes(), &page); err != nil || len(page.Files) > 60 {
			t.Fatal(err)
		}
		for _, f := range page.Files {
			seen[f.Name] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 250 || cursor != "" {
		t.Errorf("%d names, then %q", len(seen), cursor)
	}
}

func TestAHeadHasNoBody(t *testing.T) {
	for _, path := range []string{"/", "/api/v1/overview", "/status.css", "/api/v1/nope"} {
		w := httptest.NewRecorder()
		busySites()[0].ServeHTTP(w, httptest.NewRequest(http.MethodHead, path, nil))
		if w.Body.Len() > 0 || w.Header().Get("Content-Length") == "" {
			t.Errorf("%s: %d bytes, %v", path, w.Body.Len(), w.Header())
		}
	}
}
