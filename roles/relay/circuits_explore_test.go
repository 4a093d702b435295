package relay_test

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// scene is a session with circuits in which something happens ahead of each Notified.
type scene struct {
	*relay.Session
	circuits *relay.Circuits
	gate     *turning // nil: the relay is open
	happens  []func(*scene, roles.Moment)
	times    int
	untold   bool // the session is not notified
}

func (s *scene) Step(at roles.Moment, in roles.Input) []roles.Effect {
	if _, is := in.(roles.Notified); is {
		if s.times < len(s.happens) {
			s.happens[s.times](s, at)
			s.times++
		}
		if s.untold {
			return nil
		}
	}
	return s.Session.Step(at, in)
}

// way is a circuit that has been opened to Node(1), and the two tickets.
type way struct{ client, node protocol.Ticket }

const (
	ownLink   = 1
	otherLink = 2
	nodeLink  = 3
)

func newCircuits(limits relay.Limits) *relay.Circuits { return relay.NewCircuits(limits, [32]byte{1}) }

// openWay opens a circuit from the visitor to Node(1), which waits elsewhere.
func openWay(c *relay.Circuits) (w way) {
	c.Await(roles.Moment{}, rolestest.Node(1), roles.HostOf(visitor.Addr()), nodeLink)
	answer, _ := c.Open(roles.Moment{Rand: 7}, relay.From{Peer: visitor.Addr(), ID: rolestest.Node(5)}, &protocol.Circuit{Node: rolestest.Node(1)})
	w.client = answer.(*protocol.Opened).Ticket
	w.node = c.Come(roles.Moment{}, rolestest.Node(1), nodeLink, true).Come[0].Ticket
	return w
}

func invites(s *scene, at roles.Moment) {
	s.circuits.Open(at, relay.From{Peer: visitor.Addr(), ID: rolestest.Node(5)}, &protocol.Circuit{Node: rolestest.Node(1)})
}

func waitsElsewhere(s *scene, at roles.Moment) {
	s.circuits.Await(at, rolestest.Node(1), roles.HostOf(visitor.Addr()), otherLink)
}

// misses has the node miss all invitations that it may.
func misses(s *scene, at roles.Moment) {
	for range roles.MaxMissed {
		invites(s, at)
	}
	s.circuits.Left(rolestest.Node(77), 0, func() {})
	s.circuits.Come(roles.Moment{Now: at.Now + roles.JoinTimeout}, rolestest.Node(77), 0, true)
}

// waitingSubject is a session over a link that has proven the id of a node.
func waitingSubject(build func(*scene) *relay.Session, untold bool, happens ...func(*scene, roles.Moment)) rolestest.Subject {
	subject := sessionSubject(full{})
	subject.Begin = roles.Opened{Peer: visitor, ID: rolestest.Node(1), Number: ownLink}
	subject.Says = append(subject.Says, &protocol.Renew{ID: rolestest.Node(8), Epoch: 1})
	subject.Tokens = []roles.Input{roles.TokenFound{}, roles.TokenFound{Key: rolestest.Invite().KeyID()}}
	subject.Admits = []roles.Input{roles.Admitted{Role: protocol.BothRoles}, roles.Admitted{Code: protocol.Denied}}
	subject.Others = append(subject.Others, roles.Notified{})
	subject.Grown, subject.Visits = 5, 2
	rolestest.Reused(&subject, func() *scene {
		s := &scene{happens: happens, untold: untold}
		s.Session = build(s)
		return staged(s)
	}, func(s *scene) {
		s.Reset()
		staged(s)
	})
	return subject
}

func staged(s *scene) *scene {
	s.circuits, s.times = newCircuits(relay.OpenLimits), 0
	if s.gate != nil {
		s.gate.asked = 0
	}
	s.Carry(s.circuits)
	return s
}

// carryingSubject is a session over a link in plain, which is to be the client's end of a circuit. Before says
// what happens ahead of that.
func carryingSubject(limits relay.Limits, before func(*scene, way), happens func(way) []func(*scene, roles.Moment)) rolestest.Subject {
	subject := sessionSubject(full{})
	subject.Begin = roles.Opened{Peer: visitor, Number: ownLink}
	w := openWay(newCircuits(limits))
	subject.Says = []protocol.Message{&protocol.Join{Ticket: w.client}, rolestest.Sample(protocol.KindJoin), rolestest.Sample(protocol.KindLocate)}
	subject.Others = append(subject.Others, roles.Notified{}, roles.Stopped{Scarce: true})
	subject.Grown = 8
	set := func(s *scene) *scene {
		s.circuits, s.times = newCircuits(limits), 0
		openWay(s.circuits)
		before(s, w)
		s.Carry(s.circuits)
		return s
	}
	rolestest.Reused(&subject, func() *scene {
		return set(&scene{Session: relay.NewSession(sampleDirectory{}, full{}), happens: happens(w)})
	}, func(s *scene) {
		s.Reset()
		set(s)
	})
	return subject
}

func nodeJoins(s *scene, w way) { s.circuits.Join(roles.Moment{}, otherLink, w.node) }

func nothingBefore(*scene, way) {}

func nothing(way) []func(*scene, roles.Moment) { return nil }

// circuitSubjects are the sessions of a relay that makes circuits.
func circuitSubjects() (all []rolestest.Subject) {
	open := func(room relay.Room) func(*scene) *relay.Session {
		return func(*scene) *relay.Session { return relay.NewSession(sampleDirectory{}, room) }
	}
	closed := func(after protocol.Role) func(*scene) *relay.Session {
		return func(s *scene) *relay.Session {
			s.gate = &turning{after: after}
			return relay.NewClosedSession(sampleDirectory{}, full{}, s.gate, rolestest.Node(9))
		}
	}
	for _, turns := range []relay.Budget{turnless{relay.Now}, turnless{relay.Later}} {
		all = append(all, waitingSubject(func(*scene) *relay.Session { return buildProving(turns) }, false, invites))
	}
	all = append(all,
		waitingSubject(func(*scene) *relay.Session { return relay.NewSession(forgetful{}, full{}) }, false, invites),
		waitingSubject(open(ample{}), false, invites), waitingSubject(open(full{}), false, waitsElsewhere), waitingSubject(open(full{}), true, misses),
		waitingSubject(closed(0), false, invites), waitingSubject(closed(protocol.ClientRole), false, invites), waitingSubject(closed(protocol.BothRoles), false, invites),
	)
	limited, slow := relay.OpenLimits, relay.OpenLimits
	limited.BytesFrom, slow.Rate = 1, 1
	comes := func(w way) []func(*scene, roles.Moment) {
		return []func(*scene, roles.Moment){func(s *scene, at roles.Moment) { s.circuits.Join(at, otherLink, w.node) }}
	}
	ends := func(way) []func(*scene, roles.Moment) {
		return []func(*scene, roles.Moment){func(s *scene, at roles.Moment) { s.circuits.Ended(at, 1, relay.OfNode) }}
	}
	cuts := func(way) []func(*scene, roles.Moment) {
		return []func(*scene, roles.Moment){func(s *scene, at roles.Moment) { s.circuits.Cut(at, 1, relay.OfNode, protocol.PeerGone) }}
	}
	for _, limits := range []relay.Limits{relay.OpenLimits, limited, slow} {
		all = append(all, carryingSubject(limits, nothingBefore, comes), carryingSubject(limits, nothingBefore, cuts), carryingSubject(limits, nodeJoins, nothing),
			carryingSubject(limits, nodeJoins, ends), carryingSubject(limits, nodeJoins, cuts))
	}
	return all
}

// forgetful is a directory that has no lease after a while.
type forgetful struct{ sampleDirectory }

func (f forgetful) Renew(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
	if at.Rand > 1 { // the number of the step
		return &protocol.Error{Code: protocol.NoLease}
	}
	return f.sampleDirectory.Renew(at, from, m)
}

// turning admits a peer with both roles once, and with others from then on.
type turning struct {
	asked int
	after protocol.Role
}

func (g *turning) Role(protocol.PeerID) protocol.Role {
	if g.asked++; g.asked == 1 {
		return protocol.BothRoles
	}
	return g.after
}

func (g *turning) Barred(protocol.PeerID) bool { return false }

// TestASessionWithCircuitsThatIsResetIsAsANewOne, and is in no circuit any more.
func TestASessionWithCircuitsThatIsResetIsAsANewOne(t *testing.T) {
	tries, circuits := 0, (*relay.Circuits)(nil)
	for _, subject := range []rolestest.Subject{waitingSubject(nil, false), carryingSubject(relay.OpenLimits, nodeJoins, nothing)} {
		build := func() *relay.Session { // one to try, then one to compare it with
			session := relay.NewSession(sampleDirectory{}, full{})
			if tries++; tries%2 == 1 {
				circuits = newCircuits(relay.OpenLimits)
				w := openWay(circuits)
				circuits.Join(roles.Moment{}, otherLink, w.node)
				circuits.Left(rolestest.Node(1), nodeLink, func() {})
				session.Carry(circuits)
			}
			return session
		}
		rolestest.StartsOver(t, subject, build, func(s *relay.Session) {
			s.Reset()
			s.Carry(nil)
			circuits.Come(roles.Moment{Now: time.Hour}, rolestest.Node(77), 0, true)
			if awaits, open := circuits.Counts(); awaits != 0 || open != 0 {
				t.Errorf("%d nodes wait, and %d circuits are open", awaits, open)
			}
		}, nil)
	}
}
