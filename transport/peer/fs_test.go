package peer_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func filesystem(t *testing.T, c *peer.Client) *peer.FS {
	t.Helper()
	fsys, err := c.FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

func TestWhatIsPublishedIsAFileSystem(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		files := fstest.MapFS{
			"hello.txt": {Data: []byte("hello")}, "empty": {}, "a!": {Data: []byte("1")}, "a/b!": {Data: []byte("2")}, "a/b/c": {Data: []byte("3")},
			"a/b/é": {Data: []byte("4")}, "a0": {Data: []byte("5")}, "large": {Data: random(2*group + 1)},
		}
		fsys := filesystem(t, connected(t, network, files))
		names := []string{}
		for name := range files {
			names = append(names, name)
		}
		if err := fstest.TestFS(fsys, names...); err != nil {
			t.Error(err)
		}
		if err := fstest.TestFS(filesystem(t, connected(t, network))); err != nil { // nothing at all
			t.Error(err)
		}
	})
}

func TestAFileSystemIsWalked(t *testing.T) {
	fsys := filesystem(t, connected(t, transport.NewMemory(), shared()))
	var walked []string
	err := fs.WalkDir(fsys, ".", func(path string, entry fs.DirEntry, err error) error {
		walked = append(walked, path)
		return err
	})
	if want := []string{".", "empty", "hello.txt", "large", "large copy", "photos", "photos/a.jpg", "photos/b.jpg", "photos/copy.jpg"}; err != nil || !slices.Equal(walked, want) {
		t.Errorf("%v, %q", err, walked)
	}
	if found, err := fs.Glob(fsys, "photos/[ab].jpg"); err != nil || len(found) != 2 {
		t.Error(found, err)
	}
	photos, err := fs.Sub(fsys, "photos")
	if err != nil {
		t.Fatal(err)
	}
	if data, err := fs.ReadFile(photos, "a.jpg"); err != nil || string(data) != "a picture" {
		t.Errorf("%q, %v", data, err)
	}
	for _, name := range []string{"nothing", "photos/nothing", "hello.txt/x", "../x", "/"} {
		if _, err := fsys.Open(name); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := fsys.Stat(name); err == nil {
			t.Errorf("%s has a size", name)
		}
	}
	if _, err := fsys.ReadDir("hello.txt"); err == nil {
		t.Error("a file was read as a folder")
	}
}

// Of several contents the one that most nodes have is taken, and no file stands where a folder has
// to be.
func TestANameOfAFileSystemHasOneMeaning(t *testing.T) {
	network := transport.NewMemory()
	most, least := fstest.MapFS{"a": {Data: []byte("most")}, "b/c": {Data: []byte("below")}}, fstest.MapFS{"a": {Data: []byte("least")}, "b": {Data: []byte("in the way")}}
	fsys := filesystem(t, connected(t, network, least, most, most))
	if data, err := fs.ReadFile(fsys, "a"); err != nil || string(data) != "most" {
		t.Errorf("%q, %v", data, err)
	}
	if is, err := fsys.Stat("b"); err != nil || !is.IsDir() {
		t.Errorf("%+v, %v", is, err)
	}
	if entries, err := fsys.ReadDir("."); err != nil || len(entries) != 2 || !entries[1].IsDir() {
		t.Errorf("%v, %v", entries, err)
	}
	if err := fstest.TestFS(fsys, "a", "b/c"); err != nil {
		t.Error(err)
	}
}

// A file system stays as it was listed: another content under a name is not opened.
func TestAFileSystemIsOfOneMoment(t *testing.T) {
	network := transport.NewMemory()
	relay := startRelay(t, network, &peer.Relay{})
	c := &peer.Client{Network: network, Relay: relay}
	join := func(text string) (leave func() error) {
		leave = startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share(t, tree("a", text))})
		awaitPublished(t, c, 1)
		return leave
	}
	leave := join("then")
	fsys := filesystem(t, c)
	leave()
	join("now")
	if data, err := fs.ReadFile(fsys, "a"); err == nil {
		t.Errorf("%q", data)
	}
	if data, err := fs.ReadFile(filesystem(t, c), "a"); err != nil || string(data) != "now" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestAFileSystemIsServedOverHTTP(t *testing.T) {
	whole := random(3 * group)
	fsys := filesystem(t, connected(t, transport.NewMemory(), fstest.MapFS{"films/a.bin": {Data: whole}, "hello.txt": {Data: []byte("hello")}}))
	server := httptest.NewServer(http.FileServerFS(fsys))
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	get := func(path, span string) (int, []byte) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if span != "" {
			request.Header.Set("Range", "bytes="+span)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Error(err)
		}
		return response.StatusCode, body
	}
	if code, body := get("/hello.txt", ""); code != http.StatusOK || string(body) != "hello" {
		t.Errorf("%d, %q", code, body)
	}
	for _, span := range [][2]int{{0, 99}, {group - 5, group + 5}, {2*group + 1, 3*group - 1}} {
		code, body := get("/films/a.bin", fmt.Sprintf("%d-%d", span[0], span[1]))
		if code != http.StatusPartialContent || !bytes.Equal(body, whole[span[0]:span[1]+1]) {
			t.Errorf("%v: %d, %d bytes", span, code, len(body))
		}
	}
	if code, body := get("/films/a.bin", ""); code != http.StatusOK || !bytes.Equal(body, whole) {
		t.Errorf("%d, %d bytes", code, len(body))
	}
	if code, body := get("/films/", ""); code != http.StatusOK || !bytes.Contains(body, []byte(`href="a.bin"`)) {
		t.Errorf("%d, %q", code, body)
	}
	if code, _ := get("/nothing", ""); code != http.StatusNotFound {
		t.Error(code)
	}
}
