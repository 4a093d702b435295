package scenario

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// fileNames are plain names, nested ones, and ones that need care in a shell or an encoding.
var fileNames = []string{"a", "notes.txt", "deep/er/file", "with space", "größe/ü", "-dash"}

// Draw draws a scenario.
func Draw(c Chooser) *Scenario {
	s := &Scenario{
		Seed:    uint64(c.N(1<<30, "seed")),
		Heal:    pick(c, "heal", 20*time.Second, 60*time.Second, 130*time.Second, 300*time.Second),
		Drain:   pick(c, "drain", 0, 0, 0, 40*time.Second),
		Clients: 1 + c.N(3, "clients"),
	}
	nodes := pick(c, "nodes", 2, 1, 3, 0, 4, 5, 3, 2, 6, 2, 3, 8)
	if chance(c, 30, "many") {
		nodes = 12
	}
	d := drawing{c: c, s: s}
	d.relay()
	for i := range nodes {
		s.Nodes = append(s.Nodes, d.node(i))
	}
	d.files()
	d.moment = d.time()
	for range 1 + c.N(5, "ops") {
		s.Ops = append(s.Ops, d.op())
		d.interrupt()
	}
	for range c.N(6, "faults") {
		s.Faults = append(s.Faults, d.fault())
	}
	if chance(c, 4, "reads") {
		s.Ops = append(s.Ops, d.read())
	}
	if chance(c, 24, "small index") && len(s.Nodes) <= 6 && !s.AttacksRelay() {
		s.Relay.Names = 1 + c.N(4, "names")
	}
	if n := len(s.Nodes); n > 0 && chance(c, 12, "lone") {
		s.Nodes[c.N(n, "who")].Lone = true
	}
	for i := range s.Nodes {
		if chance(c, 3, "few uploads") {
			s.Nodes[i].Uploads = 1 + c.N(2, "uploads")
		}
	}
	d.walls()
	return s
}

// walls puts nodes behind NATs, and has the relay make circuits to them, or not.
func (d drawing) walls() {
	if d.s.Relay.Plain || !chance(d.c, 3, "circuits") {
		return
	}
	if chance(d.c, 24, "relay lies about circuits") {
		carried := Carried()
		d.s.Relay.Lie = carried[d.c.N(len(carried), "lie")]
	}
	d.s.Relay.Circuits, d.s.Relay.Ways = true, pick(d.c, "at once", 0, 0, 2, 1)
	if chance(d.c, 8, "quota") {
		d.s.Relay.Pace = pick(d.c, "pace", 0, 0, 1<<18)
		d.s.Behind = chance(d.c, 2, "behind one NAT")
		d.s.Relay.Passes = pick(d.c, "passes", 1, 70_000, 300_000, protocol.GroupSize, 3*protocol.GroupSize+5)
	}
	for i := range d.s.Nodes {
		d.s.Nodes[i].Walled = chance(d.c, 2, "walled")
		if chance(d.c, 16, "circuit lies") {
			d.s.Nodes[i].Lie = CircuitLies[d.c.N(len(CircuitLies), "lie")]
		}
	}
}

type drawing struct {
	c      Chooser
	s      *Scenario
	moment time.Duration // operations and faults are drawn close to this moment
}

func (d drawing) drift() int {
	if !chance(d.c, 4, "drifts") {
		return 0
	}
	return pick(d.c, "drift", 100, -100, 20000, -20000)
}

func (d drawing) relay() {
	d.s.Relay = Relay{Drift: d.drift(), Page: pick(d.c, "page", 0, 0, 1, 2, 3), Forgets: chance(d.c, 6, "forgets")}
	if chance(d.c, 12, "small relay") {
		d.s.Relay.Entries = 1 + d.c.N(2, "entries")
		d.s.Relay.Lists = d.c.N(3, "lists")
	}
	d.s.Relay.Both = chance(d.c, 3, "both families")
	d.s.Relay.Plain = chance(d.c, 4, "plain")
	d.s.Relay.Unproven = chance(d.c, 4, "unproven")
	d.s.Relay.Closed = !d.s.Relay.Plain && chance(d.c, 4, "closed")
	if chance(d.c, 12, "relay lies") {
		d.s.Relay.Lie = RelayLies[d.c.N(len(RelayLies), "lie")]
		if chance(d.c, 3, "relay says") {
			d.s.Relay.Lie = Lie(pick(d.c, "when", "say ", "later ", "publishing ") + d.kind())
		}
	}
}

func (d drawing) kind() string {
	return protocol.Kinds[d.c.N(len(protocol.Kinds), "kind")].Name
}

func (d drawing) node(i int) Node {
	n := Node{ID: i, Drift: d.drift(), Quiet: chance(d.c, 4, "quiet"), Start: time.Duration(d.c.N(2000, "start")) * time.Millisecond}
	n.Both = d.s.Relay.Both && d.c.N(3, "both families") > 0
	if i > 0 && chance(d.c, 16, "shared id") {
		n.ID = d.c.N(i, "id")
	}
	if chance(d.c, 12, "lies") {
		n.Lie = NodeLies[d.c.N(len(NodeLies), "lie")]
		if staged := Staged(); chance(d.c, 4, "staged") {
			n.Lie = staged[d.c.N(len(staged), "stage")]
		}
		if chance(d.c, 3, "says") {
			n.Lie = Lie("say " + d.kind())
		}
	}
	return n
}

// files places up to three files at random nodes. Now and then a node gets another content under
// the same name.
func (d drawing) files() {
	content := 0
	for i := range d.c.N(4, "files") {
		name := fileNames[(i+d.c.N(len(fileNames), "name"))%len(fileNames)]
		content++
		size := d.size()
		for j := range d.s.Nodes {
			if d.s.has(j, name) || !chance(d.c, 2, "holder") {
				continue
			}
			f := File{name, content, size}
			if chance(d.c, 6, "variant") {
				content++
				f.Content, f.Size = content, d.size()
			}
			d.s.Nodes[j].Files = append(d.s.Nodes[j].Files, f)
		}
	}
}

func (s *Scenario) has(node int, name string) bool {
	for _, f := range s.Nodes[node].Files {
		if f.Name == name {
			return true
		}
	}
	return false
}

// manyNames are the names of files of which a client fetches many. Not all of them can lie side by side.
var manyNames = []string{"a", "A", "b/c", "B", "many/0", "many/1", "many/2", "many/3", "many/4", "many/5", "many/6", "many/7"}

// more places files of which a client fetches many: some have the same content, some nodes have another
// content under the name.
func (d drawing) more() {
	if len(d.s.Nodes) == 0 {
		return
	}
	for range 2 + d.c.N(10, "more") {
		f := File{Name: manyNames[d.c.N(len(manyNames), "name")], Content: 100 + d.c.N(8, "content")}
		var placed bool
		if f.Size, placed = d.s.sizeOf(f.Content); !placed {
			f.Size = d.size()
		}
		for range 1 + d.c.N(3, "holders") {
			if i := d.c.N(len(d.s.Nodes), "holder"); !d.s.has(i, f.Name) {
				d.s.Nodes[i].Files = append(d.s.Nodes[i].Files, f)
			}
		}
	}
}

// size draws a file's size. Most files have one chunk group; a few have several, so that nodes
// share the work and a part file is worth resuming.
func (d drawing) size() uint64 {
	if chance(d.c, 60, "huge") {
		return pick(d.c, "size", uint64(protocol.MaxRange), protocol.MaxRange+1, 2*protocol.MaxRange+12345)
	}
	if chance(d.c, 4, "large") {
		return pick(d.c, "size", uint64(protocol.GroupSize+1), 2*protocol.GroupSize+7, 3*protocol.GroupSize, 5*protocol.GroupSize+1000, 8*protocol.GroupSize, 11*protocol.GroupSize+3)
	}
	return pick(d.c, "size", uint64(5), 0, 1, 1000, 65535, 65536, 70000, 200000, 5000, 300000, protocol.GroupSize-1, protocol.GroupSize)
}

func (d drawing) time() time.Duration {
	if d.moment > 0 && d.c.N(3, "together") > 0 {
		return min(d.moment+time.Duration(d.c.N(60, "soon"))*pick(d.c, "unit", time.Millisecond, 100*time.Microsecond, 200*time.Millisecond), d.s.Heal-time.Millisecond)
	}
	return time.Duration(d.c.N(int(d.s.Heal/time.Millisecond), "time")) * time.Millisecond
}

func (d drawing) span() time.Duration {
	return time.Duration(pick(d.c, "span", 100, 1000, 5000, 12000, 40000, 100000, 250000)) * time.Millisecond
}

func (d drawing) name() string {
	names := d.s.Names()
	if len(names) == 0 || chance(d.c, 6, "missing") {
		return MissingName
	}
	return names[d.c.N(len(names), "file")]
}

func (d drawing) client() string { return ClientName(d.c.N(d.s.Clients, "client")) }

func (d drawing) server() string {
	if i := d.c.N(len(d.s.Nodes)+1, "server"); i < len(d.s.Nodes) {
		return NodeName(i)
	}
	return "relay"
}

func (d drawing) op() Op {
	op := Op{At: d.time(), Do: pick(d.c, "verb", DoFetch, DoFetch, DoFetch, DoFetch, DoFetch, DoFetch, DoStop, DoStart, DoAbort, DoPipeline, DoLocate, DoList, DoMirror, DoGather)}
	switch op.Do {
	case DoFetch:
		op.Who, op.Name = d.client(), d.name()
		op.Sources = pick(d.c, "sources", 0, 2, 3, 4)
		op.Pin, op.Once = d.pin(op.Name), chance(d.c, 8, "once")
		if op.Pin > 0 && chance(d.c, 3, "by hash alone") {
			op.Name = ""
		}
	case DoLocate:
		op.Who, op.Name = d.client(), d.name()
		op.Pin = d.pin(op.Name)
	case DoList:
		op.Who, op.Name = d.client(), pick(d.c, "pattern", "", "*", "deep/", "**/file", "n*.txt")
	case DoGather:
		op.Who, op.Name = d.client(), pick(d.c, "pattern", "", "", "*", "many/*")
		op.Sources = pick(d.c, "sources", 0, 2, 3)
		d.more()
	case DoPipeline:
		op.Who, op.With = d.client(), d.aNode()
	case DoMirror:
		op.Who, op.Name = d.aNode(), d.name()
	case DoAbort:
		op.Who = d.client()
	default:
		op.Who = d.server()
	}
	return op
}

// read draws an operation that reads a file at several places.
func (d drawing) read() Op {
	op := Op{At: d.time(), Do: DoRead, Who: d.client(), Name: d.name()}
	op.Pin = d.pin(op.Name)
	return op
}

// interrupt sometimes interrupts the latest fetch: by its user, or while it writes to its disk. The
// fetch then starts again; after a kill the world restarts it by itself.
func (d drawing) interrupt() {
	op := d.s.Ops[len(d.s.Ops)-1]
	if op.Do != DoFetch && op.Do != DoGather || !chance(d.c, 5, "interrupted") {
		return
	}
	f := Fault{Class: pick(d.c, "how", Slow, KillWriting, CutWriting), Who: op.Who, At: op.At, For: 3 * time.Second}
	f.N = pick(d.c, "n", f.Class.Info().N...)
	do := op.Do
	if f.Class == Slow {
		f.N = 1 << 20
		op.Do, op.At = DoAbort, min(op.At+time.Duration(d.c.N(3000, "abort"))*time.Millisecond, d.s.Heal-time.Millisecond)
		d.s.Ops = append(d.s.Ops, op)
		op.Do, op.At = do, min(op.At+time.Second, d.s.Heal-time.Millisecond)
		d.s.Ops = append(d.s.Ops, op)
	}
	d.s.Faults = append(d.s.Faults, f)
	d.overtake(op.Name, f.At+time.Second)
}

// overtake replaces a file at none, some or all of its nodes before an interrupted fetch of it
// starts again.
func (d drawing) overtake(name string, at time.Duration) {
	for i := range d.s.Nodes {
		if d.s.has(i, name) && chance(d.c, 3, "overtaken") {
			d.s.Faults = append(d.s.Faults, Fault{Class: FileReplace, At: at, Who: NodeName(i), Name: name})
		}
	}
}

// pin sometimes draws the only content that a fetch accepts: one that a node has under the name, or
// one that no node has.
func (d drawing) pin(name string) int {
	if !chance(d.c, 6, "pinned") {
		return 0
	}
	contents := []int{MissingContent}
	for i := range d.s.Nodes {
		for _, f := range d.s.Nodes[i].Files {
			if f.Name == name {
				contents = append(contents, f.Content, f.Content)
			}
		}
	}
	return contents[d.c.N(len(contents), "pin")]
}

func (d drawing) aNode() string {
	if len(d.s.Nodes) == 0 {
		return NodeName(0)
	}
	return NodeName(d.c.N(len(d.s.Nodes), "node"))
}
