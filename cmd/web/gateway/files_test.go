package gateway

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lukechampine.com/blake3"

	"github.com/relaypeer/relaypeer/transport/peer"
)

// hashOf returns the hash of a content, in hexadecimal digits.
func hashOf(data []byte) string {
	sum := blake3.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestAFileIsServedAsItIs(t *testing.T) {
	whole := random(2*group + 77)
	date := time.Unix(1_700_000_000, 0)
	s := serve(t, fstest.MapFS{"films/a film.mp4": {Data: whole, ModTime: date}, "empty": {ModTime: date}})
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		is := s.do(method, "/files/films/a%20film.mp4")
		if is.code != http.StatusOK || is.err != nil {
			t.Fatalf("%s: %d, %v", method, is.code, is.err)
		}
		for field, want := range map[string]string{
			"Content-Length": fmt.Sprint(len(whole)), "Content-Type": "video/mp4", "Etag": `"` + hashOf(whole) + `"`, "Accept-Ranges": "bytes",
			"Last-Modified": date.UTC().Format(http.TimeFormat), "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff",
			"Content-Disposition": `inline; filename="a film.mp4"; filename*=UTF-8''a%20film.mp4`,
		} {
			if got := is.header.Get(field); got != want {
				t.Errorf("%s: %s: %q in place of %q", method, field, got, want)
			}
		}
		if method == http.MethodGet && !bytes.Equal(is.body, whole) || method == http.MethodHead && len(is.body) > 0 {
			t.Errorf("%s: %d bytes", method, len(is.body))
		}
	}
	if is := s.get("/files/films/a%20film.mp4?download"); !strings.HasPrefix(is.header.Get("Content-Disposition"), "attachment; ") {
		t.Error(is.header)
	}
	if is := s.get("/files/empty"); is.code != http.StatusOK || len(is.body) > 0 || is.header.Get("Content-Length") != "0" || is.header.Get("Content-Type") != unknownType {
		t.Errorf("%d, %q, %v", is.code, is.body, is.header)
	}
}

func TestARangeHasTheBytesThatItNames(t *testing.T) {
	const size = 3*group + 77
	whole := random(size)
	s := serve(t, fstest.MapFS{"a.bin": {Data: whole}})
	for _, x := range []struct {
		asked    string
		code     int
		from, to int // of the bytes that come
	}{
		{"0-0", 206, 0, 1}, {"0-", 206, 0, size}, {"5-9", 206, 5, 10}, {fmt.Sprintf("%d-%d", group-1, group), 206, group - 1, group + 1},
		{fmt.Sprintf("%d-", 2*group), 206, 2 * group, size}, {"-1", 206, size - 1, size}, {fmt.Sprintf("-%d", group+78), 206, size - group - 78, size},
		{fmt.Sprintf("-%d", 2*size), 206, 0, size}, {fmt.Sprintf("%d-%d", size-1, 9*size), 206, size - 1, size}, {fmt.Sprintf("1-%d", size-2), 206, 1, size - 1},
		{fmt.Sprintf("%d-", size), 416, 0, 0}, {"9-5", 416, 0, 0}, {"x", 416, 0, 0}, {strings.Repeat("0-0,", mostRanges) + "1-1", 416, 0, 0},
	} {
		is := s.get("/files/a.bin", "Range", "bytes="+x.asked)
		if is.code != x.code || is.err != nil {
			t.Errorf("%s: %d, %v", x.asked, is.code, is.err)
		}
		if x.code == 206 && (!bytes.Equal(is.body, whole[x.from:x.to]) || is.header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", x.from, x.to-1, size)) {
			t.Errorf("%s: %d bytes, %s", x.asked, len(is.body), is.header.Get("Content-Range"))
		}
	}
}

func TestSeveralRangesComeAsParts(t *testing.T) {
	whole := random(4 * group)
	s := serve(t, fstest.MapFS{"a.mp4": {Data: whole}})
	spans := [][2]int{{5, 9}, {3*group - 1, 3 * group}, {group, group + 1000}}
	var asked []string
	for _, span := range spans {
		asked = append(asked, fmt.Sprintf("%d-%d", span[0], span[1]))
	}
	is := s.get("/files/a.mp4", "Range", "bytes="+strings.Join(asked, ","))
	media, parameters, err := mime.ParseMediaType(is.header.Get("Content-Type"))
	if is.code != http.StatusPartialContent || err != nil || media != "multipart/byteranges" {
		t.Fatalf("%d, %v, %v", is.code, err, is.header)
	}
	parts := multipart.NewReader(bytes.NewReader(is.body), parameters["boundary"])
	for _, span := range spans {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(part); err != nil || !bytes.Equal(data, whole[span[0]:span[1]+1]) || part.Header.Get("Content-Type") != "video/mp4" {
			t.Errorf("%v: %d bytes, %v, %v", span, len(data), err, part.Header)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Error(err)
	}
	if is := s.do(http.MethodHead, "/files/a.mp4", "Range", "bytes=0-1,5-6"); is.code != http.StatusPartialContent || len(is.body) > 0 {
		t.Errorf("%d, %d bytes", is.code, len(is.body))
	}
}

// Whoever has a content is told so by the list: no node is asked, and none for a HEAD.
func TestAConditionalRequestAsksNobody(t *testing.T) {
	whole := random(group + 5)
	date := time.Unix(1_700_000_000, 0)
	s := serve(t, fstest.MapFS{"a.bin": {Data: whole, ModTime: date}})
	hash := hashOf(whole)
	here, other := `"`+hash+`"`, `"`+strings.Repeat("0", 64)+`"`
	at, before := date.UTC().Format(http.TimeFormat), date.Add(-time.Hour).UTC().Format(http.TimeFormat)
	s.get("/files/") // the list is here
	for _, x := range []struct {
		method, path string
		fields       []string
		code, length int
		asksSomebody bool
	}{
		{"GET", "/files/a.bin", []string{"If-None-Match", here}, 304, 0, false},
		{"GET", "/files/a.bin", []string{"If-None-Match", other + ", W/" + here}, 304, 0, false},
		{"GET", "/files/a.bin", []string{"If-None-Match", "*"}, 304, 0, false},
		{"GET", "/files/a.bin", []string{"If-Match", other}, 412, 0, false},
		{"GET", "/files/a.bin", []string{"If-Modified-Since", at}, 304, 0, false},
		{"GET", "/files/a.bin", []string{"If-Unmodified-Since", before}, 412, 0, false},
		{"HEAD", "/files/a.bin", nil, 200, 0, false},
		{"HEAD", "/files/a.bin", []string{"Range", "bytes=1-2"}, 206, 0, false},
		{"GET", "/hash/" + hash, []string{"If-None-Match", here}, 304, 0, false},
		{"GET", "/files/a.bin", []string{"If-None-Match", other}, 200, len(whole), true},
		{"GET", "/files/a.bin", []string{"If-Match", here}, 200, len(whole), true},
		{"GET", "/files/a.bin", []string{"If-Modified-Since", before}, 200, len(whole), true},
		{"GET", "/files/a.bin", []string{"Range", "bytes=1-2", "If-Range", here}, 206, 2, true},
		{"GET", "/files/a.bin", []string{"Range", "bytes=1-2", "If-Range", other}, 200, len(whole), true},
		{"GET", "/files/a.bin", []string{"Range", "bytes=1-2", "If-Range", at}, 206, 2, true},
		{"GET", "/files/a.bin", []string{"Range", "bytes=1-2", "If-Range", before}, 200, len(whole), true},
	} {
		dialed := s.dialed.Load()
		is := s.do(x.method, x.path, x.fields...)
		if is.code != x.code || len(is.body) != x.length || is.err != nil {
			t.Errorf("%s %s %q: %d, %d bytes, %v", x.method, x.path, x.fields, is.code, len(is.body), is.err)
		}
		if asked := s.dialed.Load() > dialed; asked && !x.asksSomebody {
			t.Errorf("%s %s %q: somebody was asked", x.method, x.path, x.fields)
		}
		if x.code == 304 && is.header.Get("Etag") != here {
			t.Errorf("%q: %v", x.fields, is.header)
		}
	}
}

// escaped returns the path of a name.
func escaped(room, name string) string {
	return "/" + room + (&url.URL{Path: "/" + name}).EscapedPath()
}

func TestHostileNamesStayNames(t *testing.T) {
	names := []string{
		"<script>alert(1)</script>", `"onmouseover="alert(1)`, "'", "&amp;", "a?b#c", "100%", "%2e%2e", "%2F", "a;b", "a:b", "javascript:alert(1)", "+", " ",
		"{{.}}", "`", "é", "日本語.txt", "שלום.txt", "..a", "...", ".hidden", "-o", "con", strings.Repeat("x", 255), strings.Repeat("y", 200) + "/" + strings.Repeat("z", 200),
		"<img src=x>/<b>", "\U0001F600.png",
	}
	files := fstest.MapFS{}
	for i, name := range names {
		files["d/"+name] = &fstest.MapFile{Data: fmt.Appendf(nil, "content %d", i)}
	}
	s := serve(t, files)
	page := s.get("/files/d/?hidden=1", "Accept", "text/html")
	for _, raw := range []string{"<script>alert", "<img src=x", "<b>", `"onmouseover`} {
		if bytes.Contains(page.body, []byte(raw)) {
			t.Errorf("the page has %s", raw)
		}
	}
	for i, name := range names {
		name = "d/" + name
		want := fmt.Sprintf("content %d", i)
		if is := s.get(escaped("files", name)); is.code != 200 || string(is.body) != want {
			t.Errorf("%q: %d, %.50q", name, is.code, is.body)
		}
		if is := s.get(escaped("who", name), "Accept", "text/html"); is.code != 200 || bytes.Contains(is.body, []byte("<script>alert")) {
			t.Errorf("%q: %d", name, is.code)
		}
		if !strings.Contains(name[2:], "/") && !bytes.Contains(page.body, []byte(`href="`+pathOf(name))) {
			t.Errorf("the page has no link to %q: %s", name, pathOf(name))
		}
	}
}

// pathOf returns the link that a page has for a name.
func pathOf(name string) string {
	link := "/files"
	for part := range strings.SplitSeq(name, "/") {
		link += "/" + url.PathEscape(part)
	}
	return strings.NewReplacer("&", "&amp;", "+", "&#43;", "'", "&#39;").Replace(link)
}

func TestWhatIsNoNameIsRefused(t *testing.T) {
	s := serve(t, tree("a", "1", "b/c", "2", "\u00e9/\u00e9", "3"))
	for path, code := range map[string]int{
		"/files/..": 400, "/files/../a": 400, "/files/%2e%2e%2fa": 400, "/files/./a": 400, "/files//a": 400, "/files/a%00": 400, "/files/a%0ab": 400,
		"/files/%ff": 400, "/files/a%5cb": 400, "/files/%e2%80%ae": 400, "/files/" + strings.Repeat("x", 300): 400, "/files/" + strings.Repeat("x/", 3000): 400,
		"/who/..": 400, "/who/b/": 400, "/zip/../": 400, "/hash/12": 400, "/hash/..": 400, "/hash/" + strings.Repeat("0", 64) + "?name=../x": 400,
		"/files/nothing": 404, "/files/nothing/": 404, "/who/nothing": 404, "/zip/nothing/": 404, "/hash/" + strings.Repeat("0", 63) + "1": 404, "/nothing": 404, "/search/x": 404, "/x/y": 404,
		"/files/b": 302, "/files/a/": 302, "/files": 302, "/who": 302, "/zip/b": 302,
		"/files/b%2fc": 200, "/files/%65%cc%81/%c3%a9": 200, "/files/%c3%a9/e%cc%81": 200, "/files/b/": 200, "/": 200,
	} {
		is := s.get(path)
		if is.code != code || code >= 400 && (len(is.body) == 0 || !strings.HasPrefix(is.header.Get("Content-Type"), "text/plain") || is.header.Get("Etag") != "") {
			t.Errorf("%.60s: %d, %.100q, %v", path, is.code, is.body, is.header)
		}
		if to := is.header.Get("Location"); code == 302 && (to == "" || s.get(to).code == 302) {
			t.Errorf("%s leads to %q", path, to)
		}
	}
}

func TestAFileThatIsNotListedOpensByItsName(t *testing.T) {
	s := newSwarm(t)
	whole := random(3 * group)
	s.joinAs(&peer.Node{Share: s.share(fstest.MapFS{"silent.txt": {Data: whole}}), NoPublish: true})
	web := s.serve()
	hash := `"` + hashOf(whole) + `"`
	for range 2 {
		if is := web.get("/files/silent.txt"); is.code != 200 || !bytes.Equal(is.body, whole) || is.header.Get("Etag") != hash {
			t.Errorf("%d, %d bytes, %v", is.code, len(is.body), is.header)
		}
		if is := web.get("/files/silent.txt", "Range", "bytes=2000000-2000003"); is.code != 206 || !bytes.Equal(is.body, whole[2000000:2000004]) {
			t.Errorf("%d, %d bytes", is.code, len(is.body))
		}
		if is := web.get("/files/silent.txt", "If-None-Match", hash); is.code != 304 {
			t.Error(is.code)
		}
		if is := web.do("HEAD", "/files/silent.txt"); is.code != 200 || is.header.Get("Content-Length") != fmt.Sprint(len(whole)) {
			t.Error(is.code, is.header)
		}
	}
	if is := web.get("/files/", "Accept", "text/html"); !strings.Contains(string(is.body), "1 node may have more than is listed") {
		t.Errorf("%s", is.body)
	}
}

func TestOfSeveralContentsTheMostHeldIsServed(t *testing.T) {
	s := serve(t, tree("a.txt", "least"), tree("a.txt", "most"), tree("a.txt", "most"))
	most, least := hashOf([]byte("most")), hashOf([]byte("least"))
	if is := s.get("/files/a.txt"); string(is.body) != "most" || is.header.Get("Etag") != `"`+most+`"` {
		t.Errorf("%q, %v", is.body, is.header)
	}
	who := string(s.get("/who/a.txt", "Accept", "text/html").body)
	for _, want := range []string{"3 nodes", "/hash/" + most + "?name=a.txt", "/hash/" + least + "?name=a.txt"} {
		if !strings.Contains(who, want) {
			t.Errorf("%q is not in %s", want, who)
		}
	}
	is := s.get("/hash/" + strings.ToUpper(least) + "?name=a.txt")
	if string(is.body) != "least" || is.header.Get("Content-Type") != plainText || is.header.Get("Cache-Control") != immutable || is.header.Get("Etag") != `"`+least+`"` {
		t.Errorf("%q, %v", is.body, is.header)
	}
	if is := s.get("/hash/" + most); string(is.body) != "most" || is.header.Get("Content-Type") != unknownType || !strings.Contains(is.header.Get("Content-Disposition"), most) {
		t.Errorf("%q, %v", is.body, is.header)
	}
	if page := string(s.get("/files/", "Accept", "text/html").body); !strings.Contains(page, "1 of 2 contents") {
		t.Error(page)
	}
}
