package sim

import (
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// pool keeps machines between runs: creating them costs more than most conversations.
type pool struct {
	uploads  []*node.Upload
	sessions []*pooledSession
	members  []*node.Membership
	fetches  []*client.Fetch
	queries  []*client.Query
	out      []func()
	spare    []*event // buffers that every run needs
	arena    []byte
	scratch  []byte

	identities identities
}

// pooledSession is a Session whose directory, room and budget can be replaced.
type pooledSession struct {
	*relay.Session
	to *behind
}

type behind struct {
	relay.Directory
	relay.Room
	budget behindBudget
}

// behindBudget is the budget of a relay, whose methods have the names of those of a room.
type behindBudget struct{ relay.Budget }

// pools are those that no run uses now.
var pools = sync.Pool{New: func() any { return &pool{identities: identities{}} }}

func (p *pool) session(of behind, circuits *relay.Circuits) roles.Machine {
	var s *pooledSession
	if n := len(p.sessions); n > 0 {
		s, p.sessions = p.sessions[n-1], p.sessions[:n-1]
	} else {
		to := &behind{}
		s = &pooledSession{relay.NewSession(to, to), to}
		s.Prove(&to.budget)
	}
	*s.to = of
	s.Carry(circuits)
	p.out = append(p.out, func() {
		s.Reset()
		p.sessions = append(p.sessions, s)
	})
	return s
}

func (p *pool) upload() roles.Machine {
	var u *node.Upload
	if n := len(p.uploads); n > 0 {
		u, p.uploads = p.uploads[n-1], p.uploads[:n-1]
	} else {
		u = node.NewUpload()
	}
	p.out = append(p.out, func() {
		u.Reset()
		p.uploads = append(p.uploads, u)
	})
	return u
}

func (p *pool) member(config node.Config) *node.Membership {
	var m *node.Membership
	if n := len(p.members); n > 0 {
		m, p.members = p.members[n-1], p.members[:n-1]
		m.Reset(config)
	} else {
		m = node.NewMembership(config)
	}
	p.out = append(p.out, func() { p.members = append(p.members, m) })
	return m
}

func (p *pool) fetch(request client.Request) *client.Fetch {
	var f *client.Fetch
	if n := len(p.fetches); n > 0 {
		f, p.fetches = p.fetches[n-1], p.fetches[:n-1]
		f.Reset(request)
	} else {
		f = client.NewFetch(request)
	}
	p.out = append(p.out, func() { p.fetches = append(p.fetches, f) })
	return f
}

func (p *pool) query(relay string, ask protocol.Message) *client.Query {
	var q *client.Query
	if n := len(p.queries); n > 0 {
		q, p.queries = p.queries[n-1], p.queries[:n-1]
		q.Reset(relay, ask)
	} else {
		q = client.NewQuery(relay, ask)
	}
	p.out = append(p.out, func() { p.queries = append(p.queries, q) })
	return q
}

func (p *pool) pipeline(node client.Node, wanted []client.Wanted) *client.Pipeline {
	return client.NewPipeline(node, wanted)
}

// collect returns all machines and buffers of a world to the pool.
func (p *pool) collect(w *World) {
	w.agenda.reset()
	p.spare, p.arena, p.scratch = w.agenda.spare, w.arena[:0], w.scratch
	for _, back := range p.out {
		back()
	}
	p.out = p.out[:0]
}
