package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// operation is a [scenario.Op] that has begun: a machine that works for a user, and the state that
// the world and the checks keep for it.
type operation struct {
	op      scenario.Op
	tries   int // earlier tries that ended with their process
	actor   *actor
	started time.Duration
	stores  []*store // by item
	wanted  []client.Wanted

	ended    bool          // it has a result, or a new try
	done     time.Duration // when
	result   *client.Result
	answer   *client.QueryResult
	answered map[int]protocol.Code
	pages    []protocol.Message            // heard by a query
	visited  []*visit                      // nodes, in the order in which they were dialled
	listed   []protocol.Peer               // nodes in the answers of the relay, as it listed each first
	more     bool                          // the last page had a cursor
	page     []protocol.Peer               // the last
	walked   int                           // pages that the relay answered
	away     bool                          // a node has turned it away
	busy     map[client.Node]time.Duration // until then these are left alone
	denied   []client.Node                 // said not-found
	young    bool                          // the relay said that it may lack nodes
	withheld bool                          // the relay said that there are others, or named some badly
	indexing bool                          // a node said that it does not know yet
	had      roles.Groups                  // groups of the content that is being fetched
	begun    protocol.Hash                 // the content that is being fetched
	left     protocol.Hash                 // the content of the part that an earlier try left; zero: there is none
	firm     bool                          // bytes have been delivered that cannot be taken back
	reading  *reading                      // of an operation that reads a file
	gather   *gathering                    // of an operation that fetches many files, once their names are known
}

// visit is a link of a fetch to a node.
type visit struct {
	to      client.Node
	link    roles.Link
	relayed bool            // through the relay; without a node: it was never asked
	asked   roles.Link      // of one without a link yet: that on which the relay was asked for it, behind LOCATED
	refusal *protocol.Error // of the relay, to which it has come through that; nil: none
	said    bool            // the operation has reported that
	few     bool            // the relay has said that hardly a group may pass
	wrong   bool            // it sent a wrong group
	gave    bool            // it sent a right one
	left    bool            // of many files: it is over
	ahead   ahead
}

// at returns the latest visit over a link, or nil.
func (o *operation) at(link roles.Link) *visit {
	for i := len(o.visited) - 1; i >= 0; i-- {
		if o.visited[i].link == link {
			return o.visited[i]
		}
	}
	return nil
}

// place returns the name under which the disk keeps an item of the operation.
func (o *operation) place(item int, name string, hash protocol.Hash) string {
	if o.gather != nil {
		return o.gather.names[item][0]
	}
	if name != "" {
		return name
	}
	return hash.String()[:8]
}

// mostTries is how often an operation starts again after its process was killed.
const mostTries = 3

// beginOperation starts the machine for an operation of a client, or of a node that mirrors.
func (w *World) beginOperation(h *host, op scenario.Op, tries int) *operation {
	if h.proc == nil || h.proc.stopping {
		return nil
	}
	o := &operation{op: op, tries: tries, started: w.now}
	switch op.Do {
	case scenario.DoFetch, scenario.DoMirror:
		request := w.request(op)
		request.RelayID, request.Entry = h.pin, w.entry(h.proc)
		o.actor = w.addActor(h.proc, fetchKind, w.pool.fetch(request))
	case scenario.DoRead:
		o.reading = &reading{left: mostReads}
		reader := client.NewReader(w.relay.dialledAs(), op.Name, w.pinned(op.Pin))
		reader.Expect(h.pin)
		reader.Enter(w.entry(h.proc))
		o.actor = w.addActor(h.proc, readerKind, reader)
	case scenario.DoLocate:
		o.actor = w.addActor(h.proc, queryKind, w.query(h, &protocol.Locate{Name: op.Name, Hash: w.pinned(op.Pin)}))
	case scenario.DoList, scenario.DoGather:
		o.actor = w.addActor(h.proc, queryKind, w.query(h, &protocol.List{Pattern: op.Name, Holders: 2}))
	case scenario.DoPipeline:
		to := w.byName[op.With]
		if to == nil || to.plan == nil {
			return nil
		}
		w.load(o, to)
		o.actor = w.addActor(h.proc, pipelineKind, w.pool.pipeline(w.named(to), o.wanted))
		for i := range o.wanted {
			o.stores = append(o.stores, w.landItem(o.actor, &o.wanted[i]))
		}
	}
	o.actor.operation = o
	w.operations = append(w.operations, o)
	w.tell(o.actor, roles.Started{})
	return o
}

// query returns a client's question to the relay.
func (w *World) query(h *host, ask protocol.Message) *client.Query {
	q := w.pool.query(w.relay.dialledAs(), ask)
	q.Expect(h.pin)
	q.Enter(w.entry(h.proc))
	return q
}

func (w *World) request(op scenario.Op) client.Request {
	request := client.Request{Relay: w.relay.dialledAs(), Name: op.Name, Hash: w.pinned(op.Pin), Sources: op.Sources, Once: op.Once}
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

// load collects the small files that a node has from the start, as the items of a pipeline. The
// first item is one that the node does not have.
func (w *World) load(o *operation, to *host) {
	want := func(name string, id *identity) {
		o.wanted = append(o.wanted, client.Wanted{Name: name, Hash: id.hash, Size: id.size})
	}
	o.answered = map[int]protocol.Code{}
	for _, f := range to.plan.Files {
		if f.Size > group {
			continue
		}
		if len(o.wanted) == 0 {
			want(scenario.MissingName, w.identity(scenario.MissingContent, 1))
		}
		want(f.Name, w.identity(f.Content, f.Size))
	}
}

// landItem returns the store for an item of a pipeline. It needs no journal: one group arrives as a
// whole or not at all.
func (w *World) landItem(a *actor, item *client.Wanted) *store {
	t := a.proc.host.landing(item.Name, a)
	t.user, t.part, t.journal, t.wanted = a, &grown{}, nil, append(t.wanted, item.Hash)
	return &store{landing: t, hash: item.Hash, size: item.Size}
}

// resumeOperations starts the operations again that the last process of a host did not finish.
func (w *World) resumeOperations(h *host) {
	for _, o := range w.operations[:len(w.operations):len(w.operations)] {
		if o.actor.proc.host == h && o.actor.gone && !o.ended && o.tries < mostTries {
			o.ended = true
			w.beginOperation(h, o.op, o.tries+1)
		}
	}
}

func (w *World) identity(content int, size uint64) *identity {
	return w.pool.identities.of(content, size)
}
