package gateway

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// unzipped returns the files of a zip by name.
func unzipped(t *testing.T, data []byte) map[string]*zip.File {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*zip.File{}
	for _, file := range archive.File {
		files[file.Name] = file
	}
	return files
}

func contentOfZipped(t *testing.T, file *zip.File) []byte {
	t.Helper()
	in, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAFolderComesAsAZip(t *testing.T) {
	date := time.Unix(1_700_000_000, 0)
	files := fstest.MapFS{
		"a/b/large": {Data: random(2*group + 5), ModTime: date}, "a/b/é.txt": {Data: []byte("é"), ModTime: date}, "a/b/c/empty": {ModTime: date}, "a/b/.h": {Data: []byte("h")},
		"a/b/.d/x": {Data: []byte("x")}, "a/b!": {Data: []byte("beside")}, "z": {Data: []byte("z")}, "a/b/<&>\"": {Data: []byte("q")},
	}
	for i := range 700 {
		files[fmt.Sprintf("a/b/many/%03d", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "%d", i)}
	}
	for i := range 12 {
		files[fmt.Sprintf("a/b/mixed/%02d", i)] = &fstest.MapFile{Data: random(i * 100_000)}
	}
	s := serve(t, files)
	for path, x := range map[string]struct {
		saved   string
		outside string // what names in the zip lack
		has     func(name string) bool
	}{
		"/zip/a/b/":          {"b.zip", "a/", func(name string) bool { return strings.HasPrefix(name, "a/b/") && !strings.Contains(name, "/.") }},
		"/zip/a/b/?hidden=1": {"b.zip", "a/", func(name string) bool { return strings.HasPrefix(name, "a/b/") }},
		"/zip/a/b/.d/":       {".d.zip", "a/b/", func(name string) bool { return strings.HasPrefix(name, "a/b/.d/") }},
		"/zip/":              {"files.zip", "", func(name string) bool { return !strings.Contains(name, "/.") }},
	} {
		is := s.get(path)
		if is.code != 200 || is.err != nil || is.header.Get("Content-Type") != "application/zip" || !strings.Contains(is.header.Get("Content-Disposition"), `attachment; filename="`+x.saved+`"`) {
			t.Fatalf("%s: %d, %v, %v", path, is.code, is.err, is.header)
		}
		got := unzipped(t, is.body)
		want := 0
		for name, file := range files {
			if !x.has(name) {
				continue
			}
			want++
			in := got[strings.TrimPrefix(name, x.outside)]
			if in == nil || !bytes.Equal(contentOfZipped(t, in), file.Data) || in.Method != zip.Store || !file.ModTime.IsZero() && !in.Modified.Equal(date) || in.NonUTF8 {
				t.Errorf("%s: %s: %+v", path, name, in)
			}
		}
		if len(got) != want {
			t.Errorf("%s: %d files in place of %d", path, len(got), want)
		}
	}
}

func TestUnzipTakesAZip(t *testing.T) {
	unzip, err := exec.LookPath("unzip")
	if err != nil {
		t.Skip("there is no unzip")
	}
	s := serve(t, fstest.MapFS{"a/large": {Data: random(3 * group)}, "a/b/c.txt": {Data: []byte("c")}, "a/empty": {}})
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(path, s.get("/zip/a/").body, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), unzip, "-t", path).CombinedOutput(); err != nil || strings.Count(string(out), " OK\n") != 3 {
		t.Errorf("%v: %s", err, out)
	}
}

// A file is left out where a folder has to be, as in any other copy.
func TestAZipCanBeUnpacked(t *testing.T) {
	s := serve(t, tree("a/b", "a file", "c", "another"), tree("a/b/c", "below it"))
	got := unzipped(t, s.get("/zip/").body)
	if len(got) != 2 || got["a/b/c"] == nil || got["c"] == nil {
		t.Errorf("%v", got)
	}
}

func TestTheHeadOfAZipOpensNothing(t *testing.T) {
	s := serve(t, tree("a/b", "1"))
	s.get("/files/")
	dialed := s.dialed.Load()
	if is := s.do(http.MethodHead, "/zip/a/"); is.code != 200 || is.header.Get("Content-Type") != "application/zip" || s.dialed.Load() != dialed {
		t.Errorf("%d, %v, %d links", is.code, is.header, s.dialed.Load()-dialed)
	}
}

func TestAZipThatFailsInAFileIsNotTakenForWhole(t *testing.T) {
	s := newSwarm(t)
	s.join(&dying{Share: s.share(fstest.MapFS{"a/1": {Data: random(4 * group)}}), after: 2*group + group/2})
	is := s.serve().get("/zip/a/")
	if is.code != 200 || !errors.Is(is.err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %d bytes, %v", is.code, len(is.body), is.err)
	}
}

func TestAZipThatFailsBetweenFilesIsNotTakenForWhole(t *testing.T) {
	s := serve(t, tree("a/1", "1"))
	list, err := s.swarm.client.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := list.Find("a/1")
	missing := first
	missing.Name, missing.Hash[0] = "a/2", missing.Hash[0]+1
	w := &failing{header: http.Header{}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/zip/a/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() != http.ErrAbortHandler || !w.sent {
			t.Errorf("it was not aborted, or not in the middle: %t", w.sent)
		}
	}()
	s.gateway.sendZip(w, r, "a", []zipFile{{Published: &first}, {Published: &missing}})
}

// failing is a ResponseWriter that only notes that something was sent.
type failing struct {
	header http.Header
	sent   bool
}

func (f *failing) Header() http.Header         { return f.header }
func (f *failing) WriteHeader(int)             { f.sent = true }
func (f *failing) Write(b []byte) (int, error) { f.sent = true; return len(b), nil }

func TestAZipThatCannotBeginHasAStatus(t *testing.T) {
	s := newSwarm(t)
	share := &dying{Share: s.share(tree("a/1", "1"))}
	s.join(share)
	web := s.serve()
	web.get("/files/")
	share.dead.Store(true)
	if is := web.get("/zip/a/"); is.code != 404 && is.code != 502 || is.err != nil || strings.Contains(is.header.Get("Content-Type"), "zip") {
		t.Errorf("%d, %v, %q", is.code, is.header, is.body)
	}
}

func TestSoManyZipsAtOnceAndNoMore(t *testing.T) {
	s := serve(t, tree("a/1", "1"))
	for range MaxZips {
		s.gateway.zips <- struct{}{}
	}
	if is := s.get("/zip/a/"); is.code != 503 || is.header.Get("Retry-After") == "" {
		t.Errorf("%d, %v", is.code, is.header)
	}
	s.gateway.zips.leave()
	if is := s.get("/zip/a/"); is.code != 200 {
		t.Error(is.code)
	}
	if len(s.gateway.zips) != MaxZips-1 {
		t.Errorf("%d are under way", len(s.gateway.zips))
	}
}

func TestTheFilesOfAZipAreThoseOfTheFolder(t *testing.T) {
	s := serve(t, tree(".h/a", "1", ".h/.b", "2", "c/.d", "3", "c/e", "4"))
	list, err := s.swarm.client.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string][]string{"": {"c/e"}, ".h": {".h/.b", ".h/a"}, "c": {"c/e"}, "x": nil} {
		var names []string
		for _, file := range zipped(list, folder, false) {
			names = append(names, file.Name)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%q: %q", folder, names)
		}
	}
}
