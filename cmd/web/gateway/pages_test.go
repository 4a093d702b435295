package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/transport/peer"
)

// page returns a page as a browser gets it.
func (s *served) page(path string) string {
	s.t.Helper()
	is := s.get(path, "Accept", "text/html")
	if is.code != http.StatusOK {
		s.t.Errorf("%s: %d, %s", path, is.code, is.body)
	}
	return string(is.body)
}

// inOrder fails unless a text has some parts, in this order.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		at := strings.Index(rest, part)
		if at < 0 {
			t.Errorf("%q is not there, or not behind the others, in %s", part, text)
			return
		}
		rest = rest[at+len(part):]
	}
}

func TestAFolderIsAPage(t *testing.T) {
	s := serve(t, tree("photos/beach.jpg", "123", "photos/film.mkv", "1", "photos/old/a.txt", "12345", "photos/old/b.txt", "12345", "photos/song.mp3", "12",
		"photos/.secret", "1", "photos/old/.secret", "1", "top.html", "<p>"), tree("photos/song.mp3", "12"))
	page := s.page("/files/photos/")
	inOrder(t, page, `<a href="/files/"><bdi>all files</bdi></a>`, `aria-current="page"><bdi>photos</bdi>`, `name="in" value="photos"`, "5 files, 16 bytes", `href="/zip/photos/"`,
		`href="?hidden=1"`, "Show 2 hidden files", `<a href="/files/photos/old/"><bdi>old</bdi>/</a>`, "10 bytes", "2 files",
		`<a href="/files/photos/beach.jpg?view">`, "3 bytes", "2023-11-14 22:13 UTC", `<a href="/who/photos/beach.jpg"`, `<a href="/files/photos/film.mkv?view">`,
		`<a href="/files/photos/song.mp3?view">`, "2 nodes", ">2</a>")
	if strings.Contains(page, ".secret") {
		t.Error("a hidden file is shown")
	}
	inOrder(t, s.page("/files/photos/?hidden=1"), "7 files", `href="/zip/photos/?hidden=1"`, "Hide hidden files", "3 files", ".secret")
	inOrder(t, s.page("/"), "All files", "6 files", `<a href="/files/photos/"><bdi>photos</bdi>/</a>`, "5 files", `<a href="/files/top.html"><bdi>top.html</bdi></a>`)
	inOrder(t, s.page("/files/photos/?sort=size"), "old", "beach.jpg", "song.mp3", "film.mkv")
	inOrder(t, s.page("/files/photos/?sort=-size"), `href="?sort=size"`, "old", "film.mkv", "song.mp3", "beach.jpg")
	inOrder(t, s.page("/files/photos/?sort=nodes"), `aria-sort="descending"`, `href="?sort=-nodes"`, "old", "song.mp3", "beach.jpg", "film.mkv")
	inOrder(t, s.page("/files/photos/?sort=-name"), "old", "song.mp3", "film.mkv", "beach.jpg")
	inOrder(t, s.page("/files/photos/?sort=nonsense&page=x"), "old", "beach.jpg", "film.mkv", "song.mp3")
}

func TestALongFolderHasPages(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 2*folderPage + 1 {
		files[fmt.Sprintf("d/%04d", i)] = &fstest.MapFile{}
	}
	s := serve(t, files)
	for page, x := range map[string]struct{ first, last, next, back string }{
		"?sort=name":        {"/files/d/0000", "/files/d/0499", "?page=2&amp;sort=name", ""},
		"?page=2":           {"/files/d/0500", "/files/d/0999", "?page=3", "?page=1"},
		"?page=3&sort=name": {"/files/d/1000", "", "", "?page=2&amp;sort=name"},
	} {
		text := s.page("/files/d/" + page)
		inOrder(t, text, "1,001 files", x.first, x.last)
		if strings.Contains(text, `rel="next"`) != (x.next != "") || !strings.Contains(text, `href="`+x.next) || strings.Contains(text, `rel="prev"`) != (x.back != "") || !strings.Contains(text, x.back) {
			t.Errorf("%s: other links than %+v", page, x)
		}
	}
	for _, beyond := range []string{"?page=99", "?page=99999999999999999999", "?page=-3", "?page=4000"} {
		s.page("/files/d/" + beyond)
	}
}

func TestAWindowIsAPartOfWhatSortingAllGives(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var all []peer.Entry
	for i := range 3000 {
		all = append(all, peer.Entry{Name: fmt.Sprint(i), Folder: true, Sum: peer.Sum{Bytes: uint64(random.IntN(500))}})
	}
	for _, sort := range []string{"name", "-name", "size", "-size"} {
		compare := comparing(sort)
		sorted := slices.SortedFunc(slices.Values(all), func(a, b peer.Entry) int { return compare(&a, &b) })
		for _, span := range [][2]int{{0, 1}, {0, 500}, {500, 1000}, {2900, 3400}, {5000, 5500}} {
			some, entries := window(slices.Values(all), compare, span[0], span[1])
			want := sorted[min(span[0], len(all)):min(span[1], len(all))]
			if entries != len(all) || !slices.Equal(some, want) {
				t.Errorf("%s, %v: %d entries of %d", sort, span, len(some), entries)
			}
		}
	}
}

func TestAMediaFileHasAPageWithAPlayer(t *testing.T) {
	s := serve(t, tree("a/film.mp4", "1", "a/song.flac", "2", "a/<pic>.svg", "3", "a/text.txt", "4"))
	inOrder(t, s.page("/files/a/film.mp4?view"), `<a href="/files/a/">`, `<video controls preload="metadata" src="/files/a/film.mp4"></video>`, "1 byte", "video/mp4", hashOf([]byte("1")), "/who/a/film.mp4")
	inOrder(t, s.page("/files/a/song.flac?view"), `<audio controls preload="metadata" src="/files/a/song.flac">`)
	inOrder(t, s.page("/files/a/%3Cpic%3E.svg?view"), `<img class="picture" src="/files/a/%3Cpic%3E.svg" alt="&lt;pic&gt;.svg">`)
	if text := s.page("/files/a/text.txt?view"); text != "4" {
		t.Error(text)
	}
}

func TestASearchFindsWordsAndPatterns(t *testing.T) {
	s := serve(t, tree("Photos/Beach at Night.jpg", "1", "photos/beach.JPG", "2", "music/night song.mp3", "3", "music/Ärger.mp3", "4", "a/.hidden/night", "5", "x*y", "6", "deep/er/b.jpg", "7"))
	for query, want := range map[string][]string{
		"night": {"Photos/Beach at Night.jpg", "music/night song.mp3"}, "night+beach": {"Photos/Beach at Night.jpg"}, "NIGHT": {"Photos/Beach at Night.jpg", "music/night song.mp3"},
		"ärger": {"music/Ärger.mp3"}, "*.jpg": {"Photos/Beach at Night.jpg", "deep/er/b.jpg"}, "*.[jJ][pP][gG]": {"Photos/Beach at Night.jpg", "deep/er/b.jpg", "photos/beach.JPG"},
		"photos/*": {"photos/beach.JPG"}, "nothing+at+all": nil, ".hidden": {"a/.hidden/night"}, "night&in=music": {"music/night song.mp3"}, "[": nil, "deep/**": {"deep/er/b.jpg"},
		"<script>": nil, "**/.hidden/*": {"a/.hidden/night"},
		`x\*y[`: nil, `x\**`: {"x*y"}, "**/b?[a-z]ch*": {"photos/beach.JPG"}, "??ep/**/b.*": {"deep/er/b.jpg"},
	} {
		text := s.page("/search?q=" + query)
		if strings.Contains(text, "<script>") {
			t.Errorf("%s is in the page", query)
		}
		if n := strings.Count(text, `<th scope="row">`); n != len(want) {
			t.Errorf("%s: %d names", query, n)
		}
		var parts []string
		for _, name := range want {
			parts = append(parts, "<bdi>"+name+"</bdi>")
		}
		inOrder(t, text, parts...)
	}
	inOrder(t, s.page("/search"), "<form")
	for path, code := range map[string]int{"/search?q=" + strings.Repeat("x", 300): 400, "/search?q=%ff": 400, "/search?q=x&in=..": 400} {
		if is := s.get(path); is.code != code {
			t.Errorf("%.40s: %d", path, is.code)
		}
	}
}

func TestALongSearchHasPagesAndAnEnd(t *testing.T) {
	files := fstest.MapFS{}
	for i := range mostFound + 1 {
		files[fmt.Sprintf("%02d/%05d.txt", i%50, i)] = &fstest.MapFile{}
	}
	s := serve(t, files)
	inOrder(t, s.page("/search?q=txt&page=2"), "More than 10,000 names found", "201 to 400 of more than 10,000", `rel="prev"`, `rel="next"`)
	if n := strings.Count(s.page("/search?q=00001"), `<th scope="row">`); n != 1 {
		t.Errorf("%d names", n)
	}
}

// What does not fit into a list is found by the relay.
func TestTheRelaySearchesWhereThereIsNoList(t *testing.T) {
	s := serve(t, tree("photos/beach night.jpg", "1", "photos/b.jpg", "2", "music/beach.mp3", "3"))
	s.get("/files/") // no other list is under way
	s.gateway.list.mu.Lock()
	s.gateway.list.ask = func(context.Context) (*peer.Snapshot, error) {
		return nil, &peer.Error{Kind: peer.ErrTooMany, Text: "more than so many"}
	}
	s.gateway.list.last, s.gateway.list.tried = nil, time.Time{}
	s.gateway.list.mu.Unlock()
	inOrder(t, s.page("/search?q=beach+night"), "too many names", "photos/beach night.jpg")
	inOrder(t, s.page("/search?q=beach&in=music"), "music/beach.mp3")
	inOrder(t, s.page("/search?q=*.jpg"), "2 names")
	if is := s.get("/files/", "Accept", "text/html"); is.code != 503 || !strings.Contains(string(is.body), "more than so many") || !strings.Contains(string(is.body), "<form") {
		t.Errorf("%d, %s", is.code, is.body)
	}
	if is := s.get("/files/photos/b.jpg"); is.code != 200 || string(is.body) != "2" {
		t.Errorf("%d, %q", is.code, is.body)
	}
}

func TestWhoHasAFileIsAskedOfTheRelay(t *testing.T) {
	s := serve(t, tree("a.txt", "1"), tree("a.txt", "1"), tree("b", "2"))
	inOrder(t, s.page("/who/a.txt"), "Who has a.txt", "2 nodes", "Contents", hashOf([]byte("1")), "Nodes", "127.0.0.1:")
	for range cap(s.gateway.asking) {
		s.gateway.asking <- struct{}{}
	}
	if is := s.get("/who/a.txt"); is.code != 503 {
		t.Error(is.code)
	}
}

// The last list is shown while the relay is away, and says how old it is.
func TestAListOutlivesItsRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm(t)
		s.join(s.share(tree("a.txt", "1")))
		g := s.gateway()
		page := func() (int, string) {
			w := record(g, "/files/", "Accept", "text/html")
			return w.Code, w.Body.String()
		}
		if code, text := page(); code != 200 || !strings.Contains(text, "/files/a.txt") || strings.Contains(text, "old, for") {
			t.Errorf("%d, %s", code, text)
		}
		s.endRelay()
		time.Sleep(listFresh)
		page() // asks in the background, and finds nobody
		time.Sleep(5 * time.Minute)
		page()
		time.Sleep(time.Second)
		if code, text := page(); code != 200 || !strings.Contains(text, "This list is 5m1") || !strings.Contains(text, "the relay could not be asked") || !strings.Contains(text, "/files/a.txt") {
			t.Errorf("%d, %s", code, text)
		}
		if w := record(g, "/files/a.txt"); w.Code != 502 {
			t.Errorf("%d: an old list is no ground to ask a node", w.Code)
		}
		s.startRelay()
		time.Sleep(2 * time.Minute) // the node comes back
		page()
		time.Sleep(time.Minute)
		if code, text := page(); code != 200 || strings.Contains(text, "old, for") {
			t.Errorf("%d, %s", code, text)
		}
	})
}

func TestManyPagesAskForOneList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		var away atomic.Bool
		c := &catalogue{ctx: t.Context(), ask: func(ctx context.Context) (*peer.Snapshot, error) {
			asked.Add(1)
			time.Sleep(100 * time.Millisecond)
			if away.Load() {
				return nil, errors.New("away")
			}
			return &peer.Snapshot{Taken: time.Now()}, nil
		}}
		defer c.close()
		looked := make(chan list)
		for range 10 {
			go func() { looked <- c.look(t.Context()) }()
		}
		for range 10 {
			if is := <-looked; is.Snapshot == nil || is.Err != nil {
				t.Errorf("%+v", is)
			}
		}
		c.look(t.Context())
		if n := asked.Load(); n != 1 {
			t.Errorf("the relay was asked %d times", n)
		}
		time.Sleep(listFresh)
		away.Store(true)
		for range 5 {
			c.look(t.Context()) // does not wait
		}
		time.Sleep(time.Second)
		if is := c.look(t.Context()); asked.Load() != 2 || is.Snapshot == nil || is.Err == nil {
			t.Errorf("asked %d times, %+v", asked.Load(), is)
		}
		if c.glance(t.Context()) == nil {
			t.Error("a list of some seconds is of use")
		}
		time.Sleep(listOld)
		if c.glance(t.Context()) != nil {
			t.Error("an old list says what a file is")
		}
		away.Store(false)
		time.Sleep(2 * listRetry)
		c.look(t.Context())
		time.Sleep(time.Second)
		if is := c.look(t.Context()); is.Err != nil || time.Since(is.Taken) > listFresh {
			t.Errorf("%+v", is)
		}
	})
}

// What came since the list was made is found all the same.
func TestAFolderThatIsNewIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm(t)
		s.join(s.share(tree("a/1", "1")))
		g := s.gateway()
		if w := record(g, "/files/b/"); w.Code != 404 {
			t.Error(w.Code)
		}
		s.join(s.share(tree("b/1", "1")))
		time.Sleep(listRetry)
		if w := record(g, "/files/b/"); w.Code != 200 {
			t.Error(w.Code)
		}
		if w := record(g, "/files/c/"); w.Code != 404 {
			t.Error(w.Code)
		}
	})
}

func TestWhatAListTakesIsASmallPartOfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		c := &catalogue{ctx: t.Context(), ask: func(ctx context.Context) (*peer.Snapshot, error) {
			asked.Add(1)
			time.Sleep(5 * time.Second)
			return &peer.Snapshot{Taken: time.Now()}, nil
		}}
		defer c.close()
		for began := time.Now(); time.Since(began) < 10*time.Minute; time.Sleep(time.Second) {
			c.look(t.Context())
		}
		if n := asked.Load(); n > 10*60/(5*listShare)*2 || n < 3 {
			t.Errorf("the relay was asked %d times", n)
		}
	})
}
