package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// attack starts a stranger at the fault's target.
func (w *World) attack(t *trouble) {
	h := w.byName["x"]
	if h == nil {
		h = w.addHost("x", strangerRole, 0)
		h.proc, h.key = &process{host: h}, sampleKey
		w.processes = append(w.processes, h.proc)
	}
	w.fired(t)
	if t.Name == scenario.JoinStolen {
		w.thief = t
		return
	}
	strangers := 1
	if t.Name == scenario.DeafLists {
		strangers = cmp.Or(w.scenario.Relay.Lists, roles.MaxLists) + 6
	}
	for range strangers {
		s := &stranger{w: w, to: t.who, attack: t.Name}
		a := w.addActor(h.proc, strangerKind, s)
		s.self = a
		w.tell(a, roles.Started{})
	}
}

// stranger carries out one attack and checks S8 from the outside.
type stranger struct {
	w      *World
	self   *actor
	to     *host
	attack string
	heard  int
	drips  int
	ring   uint64
	broke  bool // it has broken the protocol
	done   bool

	ticket   protocol.Ticket // of another
	waits    bool            // it has sent its AWAIT
	answered bool            // that has been answered
	inside   bool            // a closed relay has let it in
}

// Final implements [roles.Machine].
func (s *stranger) Final() bool { return s.done }

// Step implements [roles.Machine].
func (s *stranger) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	switch in := in.(type) {
	case roles.Started:
		return append([]roles.Effect{roles.Dial{To: s.to.address.String(), Plain: s.inPlain()}}, s.arm(patienceWithStrangers)...)
	case roles.Opened:
		if s.aboutCircuits() {
			return s.wait(in)
		}
		if slices.Contains(scenario.Entering(), s.attack) {
			return s.enter(in)
		}
		return s.begin()
	case roles.Heard:
		s.heard++
		return s.goOn(in.Message)
	case roles.TimerFired:
		if s.attack == "drip" && s.drips < 60 {
			s.drips++
			return append([]roles.Effect{raw(s.request()[s.drips : s.drips+1])}, s.arm(time.Second)...)
		}
		if s.late() {
			return s.speaksLate()
		}
		s.overstayed()
		return s.leave()
	case roles.Malformed, roles.PeerEnded, roles.Lost, roles.Stopped:
		return s.leave()
	}
	return nil
}

// overstayed checks that a server ends a link whose peer does nothing.
func (s *stranger) overstayed() {
	if s.to.lie != scenario.Honest || len(s.w.scenario.Faults) != 1 {
		return
	}
	if e := s.self.end(0); e != nil && e.peer().actor != nil && !e.peer().actor.over() {
		s.w.check.fail(L1, "%s still serves a stranger who does nothing but %q, after %v", s.to.name, s.attack, patienceWithStrangers)
	}
}

// patienceWithStrangers is longer than any server's deadlines for one request.
const patienceWithStrangers = 2 * time.Minute

func (s *stranger) leave() []roles.Effect {
	s.done = true
	return []roles.Effect{roles.HangUp{}}
}

func (s *stranger) arm(after time.Duration) []roles.Effect {
	s.ring++
	return []roles.Effect{roles.Arm{Number: s.ring, After: after}}
}

// honest returns a request that the target serves.
func (s *stranger) honest() protocol.Message {
	if s.to.role == relayRole {
		return &protocol.Locate{}
	}
	if len(s.to.files) > 0 && s.attack == "no-reading" {
		return &protocol.Get{Name: s.to.files[0].name}
	}
	return &protocol.Get{Name: "nobody/has.this"}
}

func (s *stranger) request() []byte {
	return protocol.Append(nil, &protocol.Get{Name: strings.Repeat("long", 60)})
}

func (s *stranger) begin() []roles.Effect {
	frame := s.request()
	switch word, what, _ := strings.Cut(s.attack, " "); word {
	case "first":
		return s.breakIt(what)
	case "second":
		return say(s.honest())
	case "end":
		return []roles.Effect{roles.HalfClose{}, roles.Hear{}}
	case "half":
		return []roles.Effect{raw(frame[:20]), roles.Hear{}}
	case "half-end":
		return []roles.Effect{raw(frame[:20]), roles.HalfClose{}, roles.Hear{}}
	case "drip":
		return append([]roles.Effect{raw(frame[:1]), roles.Hear{}}, s.arm(time.Second)...)
	case "no-reading":
		return []roles.Effect{roles.Send{Message: s.honest()}, roles.Send{Message: s.honest()}}
	case "hang-up":
		s.done = true
		return []roles.Effect{roles.Send{Message: s.honest()}, roles.Send{Message: s.honest()}, roles.HangUp{}}
	case "flood":
		var effects []roles.Effect
		for range 60 {
			effects = append(effects, roles.Send{Message: s.honest()})
		}
		return append(effects, roles.Hear{})
	case scenario.DeafLists, scenario.DeafList:
		return s.lists()
	case "endless-index", scenario.BadNames:
		return say(sample(protocol.KindRegister))
	case "crowd":
		return s.crowd()
	case "crowd-seen":
		return say(&protocol.Locate{Limit: protocol.MaxPage})
	case "old-cursor":
		return say(&protocol.Locate{Cursor: []byte("not of this relay")})
	case "bad-name":
		return []roles.Effect{raw(badName()), roles.Hear{}}
	case "gap":
		return say(sample(protocol.KindRegister))
	case scenario.Steal:
		return s.steal()
	case scenario.Switch:
		return s.switches()
	case "end-offset":
		return say(&protocol.Get{Name: s.honestName(), Offset: s.honestSize()})
	case "far-offset":
		return say(&protocol.Get{Name: s.honestName(), Offset: protocol.MaxFile})
	}
	return []roles.Effect{roles.Hear{}} // silence
}

func (s *stranger) honestName() string {
	if len(s.to.files) > 0 {
		return s.to.files[0].name
	}
	return "x"
}

// gap publishes a page, and then one that does not follow it.
func (s *stranger) gap() []roles.Effect {
	m := sample(protocol.KindPublish).(*protocol.Publish)
	if s.heard > 1 {
		m.From, m.To, m.Latest = 5, 6, 6
	}
	return say(m)
}

// crowd registers more nodes than a short page has, and asks for all of them.
func (s *stranger) crowd() []roles.Effect {
	if s.heard > roles.DefaultPage {
		return say(&protocol.Locate{Limit: protocol.MaxPage})
	}
	m := sample(protocol.KindRegister).(*protocol.Register)
	m.ID[1] = byte(s.heard + 1)
	return say(m)
}

// lists asks for lists, or a node for files, and takes no answer.
func (s *stranger) lists() (effects []roles.Effect) {
	ask := s.honest()
	if s.to.role == relayRole {
		ask = &protocol.List{}
	}
	for range 20 {
		effects = append(effects, roles.Send{Message: ask})
	}
	return effects
}

// deaf reports whether an end is a stranger's that takes no byte.
func (e *end) deaf() bool {
	if e.actor == nil || e.actor.kind != strangerKind {
		return false
	}
	s, is := e.actor.machine.(*stranger)
	return is && (s.attack == scenario.DeafLists || s.attack == scenario.DeafList)
}

// steal tries to change the lease of a node, whose id everybody knows where ids are keys: to end it, to
// take its place, to keep it, and to publish in its name.
func (s *stranger) steal() []roles.Effect {
	victim := s.w.byName[scenario.NodeName(0)]
	if victim == nil || s.w.scenario.Relay.Plain || s.to.role != relayRole {
		return s.leave()
	}
	epoch := victim.epoch(s.w.now) + 1<<30
	publish := sample(protocol.KindPublish).(*protocol.Publish)
	publish.ID, publish.Epoch = victim.key, epoch
	return say([]protocol.Message{
		&protocol.Leave{ID: victim.key, Epoch: epoch}, &protocol.Register{ID: victim.key, Epoch: epoch, Port: 1},
		&protocol.Renew{ID: victim.key, Epoch: epoch}, publish,
	}[s.heard%4])
}

// switches has a lease of its own, and speaks as another in between: over a link that has proven an id
// nothing else counts, whatever was said over it before.
func (s *stranger) switches() []roles.Effect {
	victim := s.w.byName[scenario.NodeName(0)]
	if victim == nil || s.w.scenario.Relay.Plain || s.to.role != relayRole {
		return s.leave()
	}
	epoch := victim.epoch(s.w.now)
	other := sample(protocol.KindPublish).(*protocol.Publish)
	other.ID, other.Epoch = victim.key, epoch
	return say([]protocol.Message{
		sample(protocol.KindRegister), &protocol.Renew{ID: victim.key, Epoch: epoch}, sample(protocol.KindPublish), other,
		sample(protocol.KindRenew), &protocol.Leave{ID: victim.key, Epoch: epoch}, sample(protocol.KindLeave),
		&protocol.Register{ID: victim.key, Epoch: epoch + 1<<30, Port: 1},
	}[s.heard%8])
}

// endless publishes another page of names, and keeps to the numbers whatever it is told.
func (s *stranger) endless() []roles.Effect {
	m := sample(protocol.KindPublish).(*protocol.Publish)
	m.Index, m.From, m.Changes = 77, uint64(s.heard-1)*30, nil
	for i := range uint64(30) {
		m.Changes = append(m.Changes, protocol.Entry{Name: fmt.Sprintf("endless/%d", m.From+i), Hash: protocol.Hash{1}})
	}
	m.To = m.From + 30
	m.Latest = m.To + 30
	return say(m)
}

func (s *stranger) honestSize() uint64 {
	if len(s.to.files) > 0 {
		return s.to.files[0].file.size
	}
	return 0
}

// badName returns a GET for a name outside of the share.
func badName() []byte {
	good := protocol.Append(nil, &protocol.Get{Name: "xx/passwd"})
	return []byte(strings.Replace(string(good), "xx/", "../", 1))
}

// badNames publishes a page of which one name is bad.
func badNames() []byte {
	m := sample(protocol.KindPublish).(*protocol.Publish)
	m.Index, m.To, m.Latest = 78, 3, 3
	for _, name := range []string{"before", "xx/passwd", "behind"} {
		m.Changes = append(m.Changes, protocol.Entry{Name: name, Hash: protocol.Hash{1}})
	}
	return []byte(strings.Replace(string(protocol.Append(nil, m)), "xx/", "../", 1))
}

// breakIt sends a message, or bytes, that break the protocol.
func (s *stranger) breakIt(what string) []roles.Effect {
	if bytes, is := nonsense(what); is {
		s.broke = true
		return []roles.Effect{raw(bytes), roles.Hear{}}
	}
	kind, _ := kindNamed(what)
	s.broke = !s.allowed(kind)
	return say(sample(kind))
}

func (s *stranger) allowed(kind protocol.Kind) bool {
	if s.to.role == relayRole {
		return kind.IsRequest() && kind != protocol.KindGet && kind != protocol.KindTree && kind != protocol.KindJoin
	}
	return kind == protocol.KindGet || kind == protocol.KindTree
}

// goOn continues after an answer.
func (s *stranger) goOn(m protocol.Message) []roles.Effect {
	refusal, refused := m.(*protocol.Error)
	if s.aboutCircuits() {
		return s.waitOn(m)
	}
	if s.broke && s.to.lie == scenario.Honest && (!refused || !refusal.Code.Closes()) {
		s.w.check.fail(S8, "%s answered %q with %s", s.to.name, s.attack, describe(m))
	}
	if _, hashing := m.(*protocol.Hashing); hashing {
		return []roles.Effect{roles.Hear{}}
	}
	if s.attack == "gap" && s.heard < 3 && !refused {
		return s.gap()
	}
	if s.attack == scenario.Steal && s.heard < 4 && !(refused && refusal.Code.Closes()) {
		return s.steal()
	}
	if s.attack == scenario.Switch && s.heard < 8 && !(refused && refusal.Code.Closes()) {
		return s.switches()
	}
	if s.attack == scenario.BadNames {
		if refused && s.to.lie == scenario.Honest && (refusal.Code == protocol.BadName || refusal.Code == protocol.Malformed) {
			s.w.check.fail(S15, "%s refused a page for one bad name: %s", s.to.name, describe(m))
		}
		if s.heard == 1 && !refused && s.allowed(protocol.KindPublish) {
			return []roles.Effect{raw(badNames()), roles.Hear{}}
		}
	}
	if s.attack == "crowd" && s.heard <= roles.DefaultPage+1 && !refused {
		return s.crowd()
	}
	if s.attack == "endless-index" && s.heard < 20 && s.allowed(protocol.KindPublish) && !(refused && refusal.Code.Closes()) {
		return s.endless()
	}
	_, content := m.(*protocol.Content)
	word, what, _ := strings.Cut(s.attack, " ")
	switch {
	case word == "second" && s.heard == 1 && !s.broke && !(refused && refusal.Code.Closes()):
		return s.breakIt(what)
	case content && word == "flood", word == "flood" && s.heard == 60, content:
		return s.leave()
	}
	return []roles.Effect{roles.Hear{}}
}
