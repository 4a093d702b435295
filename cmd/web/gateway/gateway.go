package gateway

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// What is done at once. What waits for nodes or the relay is refused beyond that, and told to come again; the
// others wait for their turn.
const (
	MaxReads    = 128 // contents that are sent
	MaxZips     = 4
	maxAsking   = 32 // questions to the relay, of pages
	maxScanning = 4  // looks through the whole list
)

// Gateway is the handler. It is to be closed, once nobody uses it any more.
type Gateway struct {
	Explain func(error) error // may say more about an error: what to do; nil: nothing more is said

	client *peer.Client
	log    hclog.Logger
	ctx    context.Context // ends all that is under way
	stop   context.CancelFunc
	pages  *web.Pages
	list   *catalogue
	files  *pool

	reads, zips, asking, scanning gate

	mu     sync.Mutex
	closed bool
	active sync.WaitGroup // requests
}

//go:embed pages/*.html
var pageFiles embed.FS

// New returns a gateway to what a client can fetch, and has it ask for the list. Log may be nil.
func New(client *peer.Client, log hclog.Logger) *Gateway {
	if log == nil {
		log = hclog.NewNullLogger()
	}
	g := &Gateway{
		client: client, log: log, reads: make(gate, MaxReads), zips: make(gate, MaxZips), asking: make(gate, maxAsking), scanning: make(gate, maxScanning),
	}
	g.ctx, g.stop = context.WithCancel(context.Background())
	templates, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		panic(err) // there is no such folder in the program
	}
	g.pages = web.NewPages(templates, functions)
	g.list = &catalogue{ctx: g.ctx, told: g.tellList, ask: func(ctx context.Context) (*peer.Snapshot, error) { return client.Snapshot(ctx, MostNames) }}
	g.files = &pool{ctx: g.ctx, open: client.Open}
	g.list.now()
	return g
}

// tellList says in the log that there is no newer list, and that there is one again: whoever starts a gateway
// and looks at no page of it learns so that the relay is away.
func (g *Gateway) tellList(was, is error) {
	switch {
	case errors.Is(is, peer.ErrTooMany):
		g.log.Warn("there are more names than a list has: searches are the relay's", "names", MostNames)
	case is != nil:
		g.log.Warn("no list of files could be had; it is asked for again when somebody comes", "why", is)
	case !errors.Is(was, peer.ErrTooMany):
		g.log.Info("there is a list of files again")
	}
}

// Close ends all that is under way and waits for that. Requests that come later are refused.
func (g *Gateway) Close() error {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.stop()
	g.active.Wait()
	g.list.close()
	g.files.end()
	return nil
}

// enter has Close wait for a request.
func (g *Gateway) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.active.Add(1)
	}
	return !g.closed
}

// ServeHTTP implements [http.Handler]. The door has checked who asks, and how.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.enter() {
		web.Fail(w, r, http.StatusServiceUnavailable, "the gateway is ending")
		return
	}
	defer g.active.Done()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(g.ctx, func() { cancel(peer.ErrInterrupted) })()
	r = r.WithContext(ctx)
	room, rest, below := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	serve := map[string]func(http.ResponseWriter, *http.Request, string){
		"files": g.serveFiles, "hash": g.serveHash, "who": g.serveWho, "zip": g.serveZip, "search": g.serveSearch,
	}[room]
	switch {
	case r.URL.Path == "/":
		g.serveFiles(w, r, "")
	case serve == nil || room == "search" && below:
		web.Fail(w, r, http.StatusNotFound, "there is no such page; files are below files/")
	case !below && room != "search":
		redirect(w, r, room+"/")
	default:
		serve(w, r, rest)
	}
}

// redirect leads to another path of this gateway, with the same parameters.
func redirect(w http.ResponseWriter, r *http.Request, elem ...string) {
	to := web.Path(r, elem...)
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}

// parseName returns the name that a path stands for, in the form in which names are compared, and whether
// the path ends in a slash, as that of a folder. The empty name is that of the folder of all.
func parseName(path string) (name string, folder bool, err error) {
	if path == "" {
		return "", true, nil
	}
	name, folder = strings.CutSuffix(protocol.Composed(path), "/")
	if refusal := protocol.AsError(protocol.CheckName(name)); refusal != nil {
		return "", false, &peer.Error{Kind: peer.ErrBadName, Text: refusal.Text}
	}
	return name, folder, nil
}

// gate bounds what is done at once.
type gate chan struct{}

// try enters if there is room.
func (g gate) try() bool {
	select {
	case g <- struct{}{}:
		return true
	default:
		return false
	}
}

// wait enters once there is room, or fails with ctx.
func (g gate) wait(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g gate) leave() { <-g }
