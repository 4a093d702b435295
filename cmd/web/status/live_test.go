package status

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// changing is a relay whose nodes change while it is looked at.
type changing struct {
	*fakeRelay
	mu sync.Mutex
}

func (c *changing) Nodes(q peer.PageQuery) peer.NodesPage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fakeRelay.Nodes(q)
}

func (c *changing) die(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes[n] = peer.ListedNode{ID: c.nodes[n].ID, Heard: noon, Left: true}
}

// events are the sections that a page sends.
type events struct{ lines *bufio.Scanner }

func listen(t *testing.T, url string) *events {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		t.Fatalf("%d %s", answer.StatusCode, kind)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, maxPage)
	return &events{lines}
}

// next returns the sections that have changed.
func (e *events) next(t *testing.T) (sections web.Sections) {
	t.Helper()
	for e.lines.Scan() {
		if data, is := strings.CutPrefix(e.lines.Text(), "data: "); is {
			if err := json.Unmarshal([]byte(data), &sections); err != nil {
				t.Fatal(err)
			}
			return sections
		}
	}
	t.Fatalf("the stream has ended: %v", e.lines.Err())
	return nil
}

// TestANodeThatDiesChangesThePage: the section of the nodes is sent again, and the field in which somebody may be
// typing never is.
func TestANodeThatDiesChangesThePage(t *testing.T) {
	r := &changing{fakeRelay: busyRelay(3, 3, "n")}
	s := relaySite(r, busyMeters(), "v1", at)
	s.live.Every = time.Millisecond
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	stream := listen(t, server.URL+"/nodes")
	first := stream.next(t)
	if len(first) != 1 || strings.Count(string(first["nodes"]), "has left") != 1 {
		t.Fatalf("%v", first)
	}
	r.die(0)
	if again := stream.next(t); len(again) != 1 || strings.Count(string(again["nodes"]), "has left") != 2 {
		t.Errorf("%v", again)
	}
}

// TestEachPageHasTheElementsThatItsEventsAreFor: and the events have the same in them as the page.
func TestEachPageHasTheElementsThatItsEventsAreFor(t *testing.T) {
	for _, s := range busySites() {
		s.live.Every = time.Hour
		server := httptest.NewServer(s)
		for _, p := range s.list {
			if !p.changes() || p.path == "file" {
				continue
			}
			page := get(t, s, "/"+p.path).Body.String()
			for id, html := range listen(t, server.URL+"/"+p.path).next(t) {
				if !strings.Contains(page, `<div id="`+id+`" class="part">`+string(html)+"</div>") {
					t.Errorf("/%s: section %q is not in the page, or another one", p.path, id)
				}
			}
		}
		server.CloseClientConnections()
		server.Close()
	}
}

// TestAPageThatStaysIsNotSentAgain: times are to the minute, so that rows stay what they are.
func TestAPageThatStaysIsNotSentAgain(t *testing.T) {
	for _, s := range busySites() {
		start := noon.Add(10 * time.Second) // no time becomes another minute at once
		clock := start
		again := relaySite(busyRelay(9, 9, "n"), busyMeters(), "v1", func() time.Time { return clock })
		if s.program == "peer-node" {
			again = nodeSite(busyNode(9, "n"), busyMeters(), "v1", func() time.Time { return clock })
		}
		for _, p := range again.list {
			if p.path == "file" {
				continue
			}
			before := get(t, again, "/"+p.path).Body.String()
			clock = clock.Add(2 * time.Second)
			after := get(t, again, "/"+p.path).Body.String()
			clock = start
			if before != after {
				t.Errorf("/%s of %s changes while nothing happens", p.path, s.program)
			}
		}
	}
}

func TestTimesAreShownToTheMinute(t *testing.T) {
	for _, c := range []struct {
		from time.Duration
		want string
	}{
		{0, "just now"}, {-59 * time.Second, "just now"}, {-time.Minute, "1 min ago"}, {-119 * time.Minute, "119 min ago"}, {-2 * time.Hour, "2 h ago"}, {-48 * time.Hour, "2 days ago"},
		{30 * time.Second, "within a minute"}, {90 * time.Second, "in 1 min"}, {3 * time.Hour, "in 3 h"},
	} {
		if got := (around{noon.Add(c.from), noon}).Text(); got != c.want {
			t.Errorf("%v: %q", c.from, got)
		}
	}
}

// TestAPageThatTakesLongIsMadeSeldom: for a while the sections that are there are given again.
func TestAPageThatTakesLongIsMadeSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := 0
		spared := sparing(func() web.Sections {
			made++
			time.Sleep(100 * time.Millisecond)
			return web.Sections{"a": "b"}
		})
		for range 100 {
			if spared()["a"] != "b" {
				t.Fatal("there is nothing")
			}
			time.Sleep(2 * time.Second)
		}
		if made != 50 {
			t.Errorf("a page that takes 100 ms was made %d times in 200 s", made)
		}
	})
}

// A client that asks for a file's hashes takes none of its bytes: "0 bytes of 0 bytes" reads like a failure.
func TestHashesThatAreSentAreNoFileOfNoBytes(t *testing.T) {
	n := busyNode(1, "film.mp4")
	n.recent[0].Tree, n.recent[0].Promised, n.recent[0].Sent, n.recent[0].End = true, 0, 0, peer.EndSent
	n.now[0].Tree, n.now[0].Promised, n.now[0].Sent = true, 0, 0
	is := get(t, nodeSite(n, busyMeters(), "v1", at), "/uploads").Body.String()
	if strings.Count(is, "hashes alone") != 2 || strings.Contains(is, "of 0 bytes") {
		t.Error(is)
	}
}
