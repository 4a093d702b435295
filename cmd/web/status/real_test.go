package status

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// TestPagesOfARealRelayAndNode: while they work, before and after as well, each page and each answer is there, and
// they tell of a fetch.
func TestPagesOfARealRelayAndNode(t *testing.T) {
	network := transport.NewMemory()
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	listener, err := network.Listen(ctx, "relay:4000")
	if err != nil {
		t.Fatal(err)
	}
	var relay peer.Relay
	share := fsshare.New(fstest.MapFS{"photos/beach.jpg": {Data: []byte("sand")}}, fsshare.Options{})
	defer share.Close()
	node := peer.Node{Network: network, Relay: "relay:4000", Listen: ":5000", Share: share}
	pages := map[string]http.Handler{"relay": Relay(&relay, "v1"), "node": Node(&node, "v1")}
	readAll(t, pages)

	var running, looking sync.WaitGroup
	running.Go(func() { relay.Serve(ctx, listener) })
	running.Go(func() { node.Run(ctx) })
	looking.Go(func() {
		for range 20 {
			readAll(t, pages)
		}
	})
	if _, err := node.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	client := peer.Client{Network: network, Relay: "relay:4000"}
	if result := client.Fetch(ctx, peer.Request{Name: "photos/beach.jpg"}, io.Discard); result.Err() != nil {
		t.Fatal(result.Err())
	}
	looking.Wait()

	var told totals
	if err := json.Unmarshal(get(t, pages["node"], "/api/v1/totals").Body.Bytes(), &told); err != nil || told.Heard["GET"] == 0 || told.Sent != 4 {
		t.Errorf("the node tells of %+v, %v", told, err)
	}
	var files filesPage
	for len(files.Files) == 0 || files.Files[0].Hash == "" { // it is published soon
		if err := json.Unmarshal(get(t, pages["relay"], "/api/v1/files").Body.Bytes(), &files); err != nil || ctx.Err() != nil {
			t.Fatal(err, ctx.Err())
		}
	}
	if page := get(t, pages["relay"], "/file?name=photos/beach.jpg").Body.String(); !strings.Contains(page, "127.0.0.1:5000") || !strings.Contains(page, files.Files[0].Hash) {
		t.Errorf("the page does not say who has the file: %s", page)
	}
	stop()
	running.Wait()
	readAll(t, pages)
}

// readAll reads each page and each answer.
func readAll(t *testing.T, pages map[string]http.Handler) {
	for _, h := range pages {
		s := h.(*site)
		for _, p := range s.list {
			readOne(t, s, "/"+p.path+map[bool]string{true: "?name=x"}[p.path == "file"])
		}
		for _, a := range s.asks {
			readOne(t, s, "/api/v1/"+a.path+queries[a.path])
		}
	}
}

func readOne(t *testing.T, s *site, path string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if s.ServeHTTP(w, r); w.Code != http.StatusOK || strings.Contains(w.Body.String(), notMade) {
		t.Errorf("%s: %d", path, w.Code)
	}
}
