package sim

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// errand is something that a user wants of a machine: to fetch, to ask, to pipeline. It is what the world and the checks
// know of it.
type errand struct {
	op      scenario.Op
	tries   int // that ended with their process
	actor   *actor
	started time.Duration
	stores  []*store // by item
	wanted  []client.Wanted

	ended    bool          // it has its result
	done     time.Duration // when
	result   *client.Result
	answer   *client.QueryResult
	answered map[int]protocol.Code
	pages    []protocol.Message // heard by a query
	visited  []*visit           // nodes, in the order in which they were dialled
	listed   []protocol.Peer    // by the relay, each node as the client heard it first
	more     bool               // the last page had a cursor
	denied   []netip.AddrPort   // said not-found
	had      roles.Groups       // of the content that is being fetched
	begun    protocol.Hash      // that content
	left     protocol.Hash      // of which an earlier try had left a part; zero: of none
	firm     bool               // some of it has been delivered, and Once was asked for
}

// visit is a link of a fetch to a node.
type visit struct {
	to    netip.AddrPort
	link  roles.Link
	wrong bool // it sent a group that was not what it should be
}

// at returns the latest visit over a link, or nil.
func (r *errand) at(link roles.Link) *visit {
	for i := len(r.visited) - 1; i >= 0; i-- {
		if r.visited[i].link == link {
			return r.visited[i]
		}
	}
	return nil
}

// place returns the name under which a content is wanted.
func (r *errand) place(name string, hash protocol.Hash) string {
	if name != "" {
		return name
	}
	return hash.String()[:8]
}

// mostTries is how often a user runs again what was ended with its process.
const mostTries = 3

// errandOf begins what a user of a client, or of a node that mirrors, wants.
func (w *World) errandOf(h *host, op scenario.Op, tries int) *errand {
	if h.proc == nil || h.proc.stopping {
		return nil
	}
	r := &errand{op: op, tries: tries, started: w.now}
	switch op.Do {
	case scenario.DoFetch, scenario.DoMirror:
		r.actor = w.addActor(h.proc, fetchKind, w.pool.fetch(w.request(op)))
	case scenario.DoLocate:
		r.actor = w.addActor(h.proc, queryKind, w.pool.query(w.relay.address.String(), &protocol.Locate{Name: op.Name, Hash: w.pinned(op.Pin)}))
	case scenario.DoList:
		r.actor = w.addActor(h.proc, queryKind, w.pool.query(w.relay.address.String(), &protocol.List{Pattern: op.Name, Holders: 2}))
	case scenario.DoPipeline:
		to := w.byName[op.With]
		if to == nil || to.plan == nil {
			return nil
		}
		w.load(r, to)
		r.actor = w.addActor(h.proc, pipelineKind, w.pool.pipeline(to.address.String(), r.wanted))
		for i := range r.wanted {
			r.stores = append(r.stores, w.landItem(r.actor, &r.wanted[i]))
		}
	}
	r.actor.errand = r
	w.errands = append(w.errands, r)
	w.tell(r.actor, roles.Started{})
	return r
}

func (w *World) request(op scenario.Op) client.Request {
	request := client.Request{Relay: w.relay.address.String(), Name: op.Name, Hash: w.pinned(op.Pin), Sources: op.Sources, Once: op.Once}
	if w.plant != nil && w.plant.Request != nil {
		w.plant.Request(&request)
	}
	return request
}

// pinned returns the hash of a content by its number, or none for 0.
func (w *World) pinned(content int) protocol.Hash {
	if content == 0 {
		return protocol.Hash{}
	}
	return w.identity(content, w.scenario.SizeOf(content)).hash
}

// load notes all small files that a node was given at the start, as what is wanted of it, and before them, if there are
// any, one that nobody has.
func (w *World) load(r *errand, to *host) {
	want := func(name string, id *identity) {
		r.wanted = append(r.wanted, client.Wanted{Name: name, Hash: id.hash, Size: id.size})
	}
	r.answered = map[int]protocol.Code{}
	for _, f := range to.plan.Files {
		if f.Size > group {
			continue
		}
		if len(r.wanted) == 0 {
			want(scenario.MissingName, w.identity(scenario.MissingContent, 1))
		}
		want(f.Name, w.identity(f.Content, f.Size))
	}
}

// landItem returns where an item of a pipeline goes. It has no journal: one group comes whole or not at all.
func (w *World) landItem(a *actor, item *client.Wanted) *store {
	t := a.proc.host.landing(item.Name, a)
	t.user, t.part, t.journal, t.wanted = a, &grown{}, nil, append(t.wanted, item.Hash)
	return &store{landing: t, hash: item.Hash, size: item.Size}
}

// resumeErrands begins again what the last process of a host did not finish.
func (w *World) resumeErrands(h *host) {
	for _, r := range w.errands[:len(w.errands):len(w.errands)] {
		if r.actor.proc.host == h && r.actor.gone && !r.ended && r.tries < mostTries {
			r.ended = true
			w.errandOf(h, r.op, r.tries+1)
		}
	}
}

func (w *World) identity(content int, size uint64) *identity {
	return w.pool.identities.of(content, size)
}
