package client_test

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// play runs a Gather with a relay, nodes and a store that answer at once, each in its own way.
// Choose says which of the inputs that could come next is the next one.
type play struct {
	t      judging
	g      *client.Gather
	nodes  map[client.Node]*actor
	disk   disk
	mute   bool // the relay is not there
	choose func(n int) int
	input  func(in roles.Input) // called before each step; nil: nothing is

	now     time.Duration
	links   map[roles.Link]*wire
	inbox   map[roles.Link][]roles.Input
	others  []roles.Input // of the store
	alarms  map[roles.Timer]playedAlarm
	opened  map[int]client.Identity // by item
	located map[string]bool         // names that the relay was asked for
	commits []roles.CommitStore
	effects []roles.Effect // all so far, but for timers
	reports []roles.Outcome
	most    struct{ pipelines, links int } // at once
}

// judging is a *testing.T or a *rapid.T.
type judging interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

type playedAlarm struct {
	number uint64
	at     time.Duration
}

// actor is a node and what it has.
type actor struct {
	files   map[string]file
	gone    bool
	silent  bool // it answers no request
	hashes  bool // it only says that it gets on, for hours
	busy    int  // so many requests are answered so first
	shuns   bool // these, or those that are absent, are more than one file is asked for
	dies    int  // after so many files; 0: never
	lies    bool // its bytes are wrong
	absent  int  // so many invitations are not followed
	given   int  // files
	dialled int
}

// disk is how the store fails.
type disk struct {
	receive map[int]bool // items that it does not take
	commit  map[int]bool // items that it cannot put in their places
	hangs   bool         // it answers no commit
}

// wire is a link that is open, or being opened.
type wire struct {
	to    client.Node // zero: the relay
	joins bool        // in plain: one end of a circuit
	node  client.Node // at the other end
	asked []protocol.Message
	hears bool
	parts uint64        // that the node says it has hashed
	tick  time.Duration // when it says so again
}

func newPlay(t judging, w client.GatherRequest, nodes map[client.Node]*actor) *play {
	w.Relay = relayAddress
	p := &play{
		t: t, g: client.NewGather(w), nodes: nodes, choose: func(int) int { return 0 },
		links: map[roles.Link]*wire{}, inbox: map[roles.Link][]roles.Input{}, alarms: map[roles.Timer]playedAlarm{},
		opened: map[int]client.Identity{}, located: map[string]bool{},
	}
	return p
}

// run plays to the end, or until nothing more happens.
func (p *play) run() {
	p.step(roles.Started{})
	for !p.g.Final() && p.next() {
	}
}

// next has the next thing happen.
func (p *play) next() bool {
	links := slices.Sorted(maps.Keys(p.inbox))
	n := len(links)
	if len(p.others) > 0 {
		n++
	}
	if n == 0 {
		return p.ring()
	}
	if at := p.choose(n); at < len(links) {
		link := links[at]
		in := p.inbox[link][0]
		if p.inbox[link] = p.inbox[link][1:]; len(p.inbox[link]) == 0 {
			delete(p.inbox, link)
		}
		p.step(in)
		return true
	}
	in := p.others[0]
	p.others = p.others[1:]
	p.step(in)
	return true
}

// ring lets the time pass until the next timer is due.
func (p *play) ring() bool {
	var first roles.Timer = -1
	for _, timer := range slices.Sorted(maps.Keys(p.alarms)) {
		if first < 0 || p.alarms[timer].at < p.alarms[first].at {
			first = timer
		}
	}
	if first < 0 {
		return false
	}
	due := p.alarms[first]
	for _, link := range slices.Sorted(maps.Keys(p.links)) {
		if wire := p.links[link]; wire.parts > 0 && wire.tick < due.at {
			p.now = max(p.now, wire.tick)
			p.getsOn(link)
			return true
		}
	}
	delete(p.alarms, first)
	p.now = max(p.now, due.at)
	p.step(roles.TimerFired{Timer: first, Number: due.number})
	return true
}

func (p *play) step(in roles.Input) {
	if p.input != nil {
		p.input(in)
	}
	for _, effect := range slices.Clone(p.g.Step(roles.Moment{Now: p.now}, in)) {
		switch e := effect.(type) {
		case roles.Arm:
			p.alarms[e.Timer] = playedAlarm{e.Number, p.now + e.After}
			continue
		case roles.Disarm:
			delete(p.alarms, e.Timer)
			continue
		case roles.Report:
			p.reports = append(p.reports, e.Outcome)
		default:
			p.carryOut(effect)
		}
		p.effects = append(p.effects, effect)
	}
	if p.g.Final() && len(p.links)+len(p.alarms) > 0 {
		p.t.Fatalf("it is over with %d links and %d timers", len(p.links), len(p.alarms))
	}
}

func (p *play) post(link roles.Link, in ...roles.Input) { p.inbox[link] = append(p.inbox[link], in...) }

func (p *play) carryOut(effect roles.Effect) {
	switch e := effect.(type) {
	case roles.Dial:
		p.dial(e)
	case roles.Send:
		p.links[e.Link].asked = append(p.links[e.Link].asked, e.Message)
	case roles.Secure:
		p.secure(e)
	case roles.Hear:
		p.links[e.Link].hears = true
		p.answer(e.Link)
	case roles.Discard:
		p.post(e.Link, roles.PeerEnded(e))
	case roles.ReceiveBody:
		p.receive(e)
	case roles.HangUp:
		delete(p.links, e.Link)
		delete(p.inbox, e.Link)
	case roles.InspectStore:
		p.others = append(p.others, roles.StoreInspected{Item: e.Item})
	case roles.OpenStore:
		p.opened[e.Item] = client.Identity{Hash: e.Hash, Size: e.Size}
		p.others = append(p.others, roles.StoreReady{Item: e.Item})
	case roles.CommitStore:
		p.commit(e)
	}
}

func (p *play) dial(e roles.Dial) {
	at, _ := netip.ParseAddrPort(e.To)
	to := client.Node{AddrPort: at, ID: e.ID}
	if e.Plain {
		to = client.Node{}
	}
	if p.links[e.Link] != nil {
		p.t.Fatalf("link %d is dialled twice", e.Link)
	}
	p.links[e.Link] = &wire{to: to, joins: e.Plain}
	pipelines := 0
	for link := range p.links {
		if link < roles.MaxPipelines {
			pipelines++
		}
	}
	p.most.pipelines, p.most.links = max(p.most.pipelines, pipelines), max(p.most.links, len(p.links))
	node := p.nodes[to]
	if !to.IsValid() && p.mute {
		p.post(e.Link, roles.Lost{Link: e.Link, Code: protocol.Refused})
		return
	}
	if to.IsValid() {
		if node != nil {
			node.dialled++
		}
		if node == nil || node.gone {
			p.post(e.Link, roles.Lost{Link: e.Link, Code: protocol.Refused})
			return
		}
	}
	p.post(e.Link, roles.Opened{Link: e.Link})
}

// answer answers the first request on a link.
func (p *play) answer(link roles.Link) {
	wire := p.links[link]
	if len(wire.asked) == 0 || wire.parts > 0 {
		wire.tick = p.now + roles.ReplyTimeout/2
		return
	}
	ask := wire.asked[0]
	wire.asked = wire.asked[1:]
	if locate, is := ask.(*protocol.Locate); is {
		p.located[locate.Name] = true
		p.post(link, roles.Heard{Link: link, Message: &protocol.Located{Peers: p.holders()}})
		return
	}
	if wire.to == (client.Node{}) {
		p.brokers(link, ask)
		return
	}
	node := p.nodes[wire.to]
	if node.hashes {
		p.getsOn(link)
		return
	}
	if node.busy > 0 {
		node.busy--
		p.post(link, roles.Heard{Link: link, Message: busyFor(2 * time.Second)})
		return
	}
	if node.silent {
		return
	}
	if node.dies > 0 && node.given >= node.dies {
		p.post(link, roles.Lost{Link: link, Code: protocol.Lost})
		return
	}
	p.post(link, roles.Heard{Link: link, Message: node.answers(ask)})
}

// getsOn has a node say that it has hashed another part.
func (p *play) getsOn(link roles.Link) {
	const part = 1 << 28
	wire := p.links[link]
	wire.parts++
	p.post(link, roles.Heard{Link: link, Message: &protocol.Hashing{Done: wire.parts * part, Size: roles.HashingParts * part}})
}

// holders are all nodes: the relay of a play knows no better.
func (p *play) holders() (peers []protocol.Peer) {
	for _, at := range slices.SortedFunc(maps.Keys(p.nodes), client.Node.Compare) {
		if at.Relayed() {
			peers = append(peers, protocol.Peer{ID: at.ID, Circuit: 1})
		} else {
			peers = append(peers, protocol.Peer{Host: at.Addr().AsSlice(), Port: at.Port()})
		}
	}
	return peers
}

func (n *actor) answers(ask protocol.Message) protocol.Message {
	name := ""
	switch ask := ask.(type) {
	case *protocol.Tree:
		f, has := n.has(ask.Name, ask.Hash)
		if name = ask.Name; has {
			return f.outboard(ask.First)
		}
	case *protocol.Get:
		f, has := n.has(ask.Name, ask.Hash)
		if name = ask.Name; has {
			return &protocol.Content{Size: f.Size, Offset: ask.Offset, Length: min(ask.Length, f.Size-ask.Offset), Hash: f.Hash}
		}
	}
	if _, other := n.files[name]; other {
		return refusal(protocol.Changed)
	}
	return refusal(protocol.NotFound)
}

func (n *actor) has(name string, hash protocol.Hash) (f file, has bool) {
	if name == "" {
		for _, one := range n.files {
			if one.Hash == hash {
				return one, true
			}
		}
		return f, false
	}
	f, has = n.files[name]
	return f, has && (hash.IsZero() || f.Hash == hash)
}

func (p *play) receive(e roles.ReceiveBody) {
	node := p.nodes[p.links[e.Link].to]
	if p.disk.receive[e.Item] {
		p.post(e.Link, roles.StoreFailed{Item: e.Item, Err: errors.New("no space left")})
		return
	}
	node.given++
	for group := range protocol.Groups(e.Length) {
		if node.lies {
			p.post(e.Link, roles.BodyWrong{Link: e.Link, Group: e.Offset/protocol.GroupSize + group})
			break
		}
		p.post(e.Link, roles.Verified{Link: e.Link, Group: e.Offset/protocol.GroupSize + group})
	}
	p.post(e.Link, roles.BodyDone{Link: e.Link})
}

func (p *play) commit(e roles.CommitStore) {
	p.commits = append(p.commits, e)
	if p.disk.hangs {
		return
	}
	var done roles.StoreCommitted
	for _, item := range e.Items {
		placed := roles.Placed{Item: item.Item}
		if p.disk.commit[item.Item] {
			placed.Err = errors.New("in the way")
		}
		done.Items = append(done.Items, placed)
	}
	p.others = append(p.others, done)
}

// results returns the result of each name, and fails if one is reported twice.
func (p *play) results() map[string]client.Result {
	p.t.Helper()
	results := map[string]client.Result{}
	for _, outcome := range p.reports {
		gathered, is := outcome.(client.Gathered)
		if !is {
			continue
		}
		for _, name := range gathered.Names {
			if _, twice := results[name]; twice {
				p.t.Errorf("%s is reported twice", name)
			}
			results[name] = gathered.Result
		}
	}
	return results
}

// inspected counts the Fetches.
func (p *play) inspected() (n int) {
	for _, effect := range p.effects {
		if _, is := effect.(roles.InspectStore); is {
			n++
		}
	}
	return n
}

// outcomes writes the outcome of each name, sorted.
func (p *play) outcomes() string {
	p.t.Helper()
	line := ""
	results := p.results()
	for _, name := range slices.Sorted(maps.Keys(results)) {
		line += fmt.Sprintf("%s:%s ", name, outcomeNames[results[name].Outcome])
	}
	return line
}

var outcomeNames = map[client.Outcome]string{
	client.Fetched: "fetched", client.NobodyHad: "nobody", client.Undelivered: "undelivered", client.Unsure: "unsure",
	client.NoRelay: "norelay", client.DiskFailed: "disk", client.BadlyNamed: "misnamed", client.Interrupted: "interrupted", client.GivenUp: "givenup",
}
