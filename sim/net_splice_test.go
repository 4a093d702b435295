package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// exchange is a relay that does nothing but to carry one circuit.
type exchange struct {
	piece    uint64 // bytes that are spliced at once
	most     uint64 // pieces of each direction; 0: any number
	rests    bool   // the leg that comes last passes on one piece alone
	legs     []*carrier
	opened   []roles.Opened
	over     bool
	notified int
	moved    int64
}

// carrier serves one link of an exchange.
type carrier struct {
	x      *exchange
	number uint64
	joined bool
	ended  bool
	pieces uint64
	done   bool
}

func (c *carrier) Final() bool { return c.done }

func (c *carrier) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	x := c.x
	switch in := in.(type) {
	case roles.Opened:
		c.number = in.Number
		x.opened = append(x.opened, in)
		return []roles.Effect{roles.Hear{First: true}}
	case roles.Heard:
		if x.legs = append(x.legs, c); len(x.legs) < 2 {
			return nil
		}
		return append(c.join(), c.wakeOthers()...)
	case roles.Notified:
		x.notified++
		switch {
		case x.over:
			return c.hangUp()
		case !c.joined:
			return c.join()
		}
	case roles.Moved:
		x.moved += in.Bytes
	case roles.BodyDone:
		if c.pieces++; c.pieces == x.most {
			return c.end()
		}
		if x.rests && c == x.legs[1] {
			return nil
		}
		return []roles.Effect{c.splice()}
	case roles.PeerEnded:
		if c.ended = true; !c.joined || x.legs[0].ended && x.legs[1].ended {
			return c.end()
		}
	case roles.Lost, roles.Malformed, roles.Stopped:
		return c.end()
	}
	return nil
}

func (c *carrier) join() []roles.Effect {
	c.joined = true
	return []roles.Effect{roles.Send{Message: &protocol.Joined{}}, c.splice()}
}

func (c *carrier) splice() roles.Effect { return roles.Splice{Circuit: 7, Bytes: c.x.piece} }

func (c *carrier) end() []roles.Effect {
	c.x.over = true
	return append(c.hangUp(), c.wakeOthers()...)
}

func (c *carrier) hangUp() []roles.Effect {
	c.done = true
	return []roles.Effect{roles.HangUp{}}
}

// wakeOthers wakes the other leg twice, and others that are not there.
func (c *carrier) wakeOthers() []roles.Effect {
	effects := []roles.Effect{roles.Wake{}, roles.Wake{Number: 1 << 40}}
	for _, other := range c.x.legs {
		if other != c {
			effects = append(effects, roles.Wake{Number: other.number}, roles.Wake{Number: other.number})
		}
	}
	return effects
}

// speaker is a machine at a far end of a circuit: it says numbered messages, and hears those of the other.
type speaker struct {
	to      string
	accepts bool
	pins    protocol.PeerID
	says    int    // messages
	polite  bool   // it speaks when the other has ended
	instead string // of TLS
	leaves  int    // it hangs up when it has heard so many; 0: it does not

	clear, secured roles.Opened
	joined         bool
	said           bool
	heard          int
	mistake        bool
	ended          bool
	lost           protocol.Code
	stopped        bool
	done           bool
}

func (s *speaker) Final() bool { return s.done }

func (s *speaker) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	switch in := in.(type) {
	case roles.Started:
		return []roles.Effect{roles.Dial{To: s.to, Plain: true}}
	case roles.Opened:
		if !s.joined {
			s.clear = in
			return []roles.Effect{roles.Send{Message: &protocol.Join{Ticket: protocol.Ticket{1}}}, roles.Hear{}}
		}
		if s.secured = in; s.polite {
			return []roles.Effect{roles.Hear{}}
		}
		return append(s.speak(), roles.Hear{})
	case roles.Heard:
		if !s.joined {
			return s.begin()
		}
		return s.hears(in.Message)
	case roles.PeerEnded:
		s.ended = true
		if !s.said && s.joined {
			return append(s.speak(), s.hangUp()...)
		}
		return s.hangUp()
	case roles.Lost:
		s.lost = in.Code
		return s.hangUp()
	case roles.Malformed:
		s.mistake = true
		return s.hangUp()
	case roles.Stopped:
		s.stopped = true
		return s.hangUp()
	}
	return nil
}

func (s *speaker) begin() []roles.Effect {
	s.joined = true
	if s.instead != "" {
		return []roles.Effect{raw([]byte(s.instead)), roles.HalfClose{}, roles.Hear{}}
	}
	return []roles.Effect{roles.Secure{ID: s.pins, Accepts: s.accepts}}
}

func (s *speaker) hears(m protocol.Message) []roles.Effect {
	get, is := m.(*protocol.Get)
	s.mistake = s.mistake || !is || get.Name != numberedName(s.heard)
	if s.heard++; s.heard == s.leaves {
		return s.hangUp()
	}
	return []roles.Effect{roles.Hear{}}
}

func (s *speaker) hangUp() []roles.Effect {
	s.done = true
	return []roles.Effect{roles.HangUp{}}
}

// speak says everything, and ends its direction.
func (s *speaker) speak() (effects []roles.Effect) {
	s.said = true
	var all []byte
	for i := range s.says {
		all = protocol.Append(all, &protocol.Get{Name: numberedName(i)})
	}
	return append(effects, raw(all), roles.HalfClose{})
}

var padding = strings.Repeat("/"+strings.Repeat("x", 99), 9)

func numberedName(i int) string { return fmt.Sprint(i, padding) }

// spliced is a world with one circuit.
type spliced struct {
	w         *World
	x         *exchange
	near, far *speaker
}

// newSpliced builds a world with one circuit, from c0 to c1.
func newSpliced(says int, faults ...scenario.Fault) *spliced {
	s := &scenario.Scenario{Seed: 5, Heal: time.Hour, Clients: 2, Faults: faults}
	t := &spliced{w: newWorld(s, scenario.NewSeeded(s.Seed)), x: &exchange{piece: 1 << 20}}
	t.w.plant = &Plant{Serves: func() roles.Machine { return &carrier{x: t.x} }}
	t.w.build()
	to := t.w.relay.address.String()
	t.near = &speaker{to: to, pins: t.w.byName["c1"].key, says: says}
	t.far = &speaker{to: to, says: says, accepts: true}
	return t
}

// run begins the circuit after a while, and runs the world. It returns the hash of its trace.
func (s *spliced) run(t *testing.T) uint64 {
	t.Helper()
	for i, name := range []string{"c0", "c1"} {
		a := s.w.addActor(s.w.byName[name].proc, strangerKind, []*speaker{s.near, s.far}[i])
		s.w.tellLater(a, time.Second, roles.Started{})
	}
	for s.w.now < s.w.scenario.Heal && !s.w.check.failed() {
		step := time.Minute
		switch now := s.w.now; {
		case now < 1100*time.Millisecond:
			step = 3 * time.Millisecond
		case now < time.Minute:
			step = time.Second
		}
		s.w.until(s.w.now + step)
		s.bounded(t)
	}
	hash := s.w.hash
	s.w.heal()
	s.w.until(s.w.now + time.Minute)
	if n := len(s.w.relay.proc.splices); n > 0 && !slices.ContainsFunc(s.x.legs, func(c *carrier) bool { return !c.done }) {
		t.Errorf("the relay keeps %d splices", n)
	}
	s.w.shutDown()
	if v := s.w.check.violation; v != nil {
		t.Error(v)
	}
	s.sound(t)
	return hash
}

// bounded checks the memory of the relay.
func (s *spliced) bounded(t *testing.T) {
	t.Helper()
	for _, c := range s.w.conns {
		for _, e := range c.ends {
			if e.in.size > window || e.flying > window || e.flying < 0 || e.host == s.w.relay && e.out.size > 100 {
				t.Errorf("connection %d at %s: %d bytes in, %d out, %d flying", c.id, e.host.name, e.in.size, e.out.size, e.flying)
			}
		}
	}
}

// sound checks that nothing is out of order, and that an end is heard after everything alone.
func (s *spliced) sound(t *testing.T) {
	t.Helper()
	for _, one := range [][2]*speaker{{s.near, s.far}, {s.far, s.near}} {
		if one[0].mistake && one[0].instead == "" {
			t.Errorf("what came is wrong after %d messages", one[0].heard)
		}
		if one[0].ended && !one[0].secured.ID.IsZero() && one[0].heard < one[1].says && !one[1].stopped {
			t.Errorf("heard an end after %d of %d messages", one[0].heard, one[1].says)
		}
	}
}

// told reports whether both far ends, if they are there and their process is not dead, have heard everything or that
// something is missing.
func (s *spliced) told(dead string) bool {
	for i, one := range [][2]*speaker{{s.near, s.far}, {s.far, s.near}} {
		whole := dead == scenario.ClientName(i) || one[0].ended && (one[0].heard == one[1].says || one[1].stopped)
		if one[0].joined && !whole && one[0].lost == 0 && !one[0].stopped {
			return false
		}
	}
	return true
}

// whole checks that everything has come in both directions.
func (s *spliced) whole(t *testing.T) {
	t.Helper()
	for _, one := range [][2]*speaker{{s.near, s.far}, {s.far, s.near}} {
		if one[0].heard != one[1].says || !one[0].ended || one[0].lost != 0 {
			t.Errorf("heard %d of %d messages, the end: %v, lost: %v", one[0].heard, one[1].says, one[0].ended, one[0].lost)
		}
	}
}

// TestSpliceCarriesEverything checks both directions of a circuit, on sound and on slow paths.
func TestSpliceCarriesEverything(t *testing.T) {
	paths := []scenario.Fault{
		{}, {Class: scenario.Delay, N: 900}, {Class: scenario.Split, N: 20}, {Class: scenario.Coalesce, N: 300}, {Class: scenario.Slow, N: 100_000}, {Class: scenario.Reorder, N: 2000},
		{Class: scenario.StallReader, For: 40 * time.Second}, {Class: scenario.Hang, For: 40 * time.Second, At: 1100 * time.Millisecond},
	}
	for _, path := range paths {
		for _, who := range []string{"relay", "c0", "c1"} {
			for _, piece := range []uint64{1 << 20, 999} {
				t.Run(fmt.Sprint(path.Class, " ", who, " ", piece), func(t *testing.T) {
					path.Who = who
					var hashes [2]uint64
					for i := range hashes {
						s := newSpliced(1500, path)
						if path.Class == "" {
							s = newSpliced(6000)
						}
						s.x.piece = piece
						hashes[i] = s.run(t)
						s.whole(t)
					}
					if hashes[0] != hashes[1] {
						t.Error("the same world has two traces")
					}
				})
			}
		}
	}
}

// TestSpliceTellsWhoIsThere checks what both far ends, and the relay, learn of each other.
func TestSpliceTellsWhoIsThere(t *testing.T) {
	s := newSpliced(3)
	s.run(t)
	s.whole(t)
	for _, o := range append(s.x.opened, s.near.clear, s.far.clear) {
		if !o.ID.IsZero() || o.Exporter != [protocol.ExporterSize]byte{} {
			t.Errorf("a link in plain proves %v", o)
		}
	}
	if a, b := s.x.opened[0].Number, s.x.opened[1].Number; a == 0 || b == 0 || a == b {
		t.Errorf("accepted links have the numbers %d and %d", a, b)
	}
	if s.near.secured.ID != s.w.byName["c1"].key || s.far.secured.ID != s.w.byName["c0"].key {
		t.Error("the far ends have proven other ids than theirs")
	}
	if e := s.near.secured.Exporter; e != s.far.secured.Exporter || e == [protocol.ExporterSize]byte{} {
		t.Error("the far ends have different exporters")
	}
	if s.x.notified != 2 {
		t.Errorf("machines were woken %d times", s.x.notified)
	}
	if want := int64(2 * (helloSize + len(protocol.Append(nil, &protocol.Get{Name: numberedName(0)}))*3)); s.x.moved != want {
		t.Errorf("%d bytes have passed, not %d", s.x.moved, want)
	}
}

// TestSpliceHalfCloses checks that one direction goes on when the other has ended.
func TestSpliceHalfCloses(t *testing.T) {
	for _, far := range []bool{true, false} {
		s := newSpliced(3000, scenario.Fault{Class: scenario.Delay, Who: "relay", N: 100})
		s.near.polite, s.far.polite = !far, far
		s.run(t)
		s.whole(t)
	}
}

// TestSpliceEndsAtItsLimit checks that a circuit that is cut passes no more than it may, and that the far ends do not
// take that for an end.
func TestSpliceEndsAtItsLimit(t *testing.T) {
	s := newSpliced(3000)
	s.x.piece, s.x.most = 10_000, 10
	s.run(t)
	if s.x.moved < 100_000 || s.x.moved > 200_000 {
		t.Errorf("%d bytes have passed", s.x.moved)
	}
	if s.near.lost == 0 || s.far.lost == 0 {
		t.Errorf("the ends of a cut circuit heard %v and %v", s.near.lost, s.far.lost)
	}
}

// TestSpliceEndsWithALeg checks that both far ends learn of a leg that breaks.
func TestSpliceEndsWithALeg(t *testing.T) {
	faults := []scenario.Fault{{Class: scenario.Reset}, {Class: scenario.BitFlip, With: "c0"}, {Class: scenario.BitFlip, With: "relay"}}
	for _, fault := range faults {
		for _, who := range []string{"c0", "c1"} {
			for _, at := range []int{1, 20, 40, 70, 100, 200, 5000, 65536, 700_000, 2<<20 + 20<<10} {
				t.Run(fmt.Sprint(fault.Class, " ", who, " ", fault.With, " ", at), func(t *testing.T) {
					f := fault
					f.Who, f.N = who, at
					switch {
					case f.With == "c0":
						f.Who, f.With = "relay", who
					case f.With == "":
						f.With = "relay"
					}
					s := newSpliced(3000, f)
					s.run(t)
					if s.w.coverage.Faults[f.Class] == 0 || !s.told("") {
						t.Errorf("the ends heard %v and %v", s.near.lost, s.far.lost)
					}
				})
			}
		}
	}
}

// TestSpliceTellsALegThatRests checks that a leg that breaks learns so when the other one cannot be passed on to it,
// although nothing of its own is passed on just then.
func TestSpliceTellsALegThatRests(t *testing.T) {
	s := newSpliced(8000, scenario.Fault{Class: scenario.Delay, Who: "c1", N: 5}, scenario.Fault{Class: scenario.StallReader, At: 1030 * time.Millisecond, Who: "c1"},
		scenario.Fault{Class: scenario.Crash, At: 3 * time.Second, Who: "c1", N: crashResets})
	s.x.piece, s.x.rests, s.far.polite = uint64(helloSize), true, true
	s.run(t)
	if s.near.lost == 0 || s.x.moved < window {
		t.Errorf("one end heard %v after %d bytes", s.near.lost, s.x.moved)
	}
}

// TestSpliceEndsWithAProcess checks that nobody takes the death of a process, of the relay's or of a far end's, for
// an end.
func TestSpliceEndsWithAProcess(t *testing.T) {
	faults := []scenario.Fault{{Class: scenario.Crash, N: crashResets}, {Class: scenario.Crash, N: crashEnds}, {Class: scenario.PowerLoss}, {Class: scenario.Graceful}}
	for _, f := range faults {
		for _, who := range []string{"relay", "c0", "c1"} {
			for at := 997 * time.Millisecond; at < 1025*time.Millisecond; at += 1500 * time.Microsecond {
				t.Run(fmt.Sprint(f.Class, f.N, " ", who, " ", at), func(t *testing.T) {
					f.Who, f.At, f.For = who, at, 30*time.Second
					s := newSpliced(3000, f, scenario.Fault{Class: scenario.Delay, Who: "c1", N: 2})
					s.run(t)
					if f.Class != scenario.PowerLoss && s.near.joined && s.far.joined && !s.told(who) {
						t.Errorf("the ends heard %v and %v", s.near.lost, s.far.lost)
					}
				})
			}
		}
	}
}

// TestSpliceEndsWithAFarEnd checks that a far end that hangs up with unread input ends the circuit.
func TestSpliceEndsWithAFarEnd(t *testing.T) {
	for _, leaves := range []int{1, 100, 2000} {
		s := newSpliced(4000)
		s.near.leaves = leaves
		s.run(t)
		if s.near.heard != leaves || s.far.lost == 0 {
			t.Errorf("one heard %d, the other %v", s.near.heard, s.far.lost)
		}
	}
}

// TestSecureTakesNobodyElse checks who is not taken for the other end of a circuit.
func TestSecureTakesNobodyElse(t *testing.T) {
	frame := string(protocol.Append(nil, &protocol.Left{}))
	cases := map[string]struct {
		change func(s *spliced)
		code   protocol.Code
	}{
		"another peer":    {func(s *spliced) { s.near.pins = middleKey }, protocol.WrongPeer},
		"its own echo":    {func(s *spliced) { s.far.instead = marks(false) + strings.Repeat("k", 40) }, protocol.NoPeer},
		"a frame":         {func(s *spliced) { s.far.instead = frame }, protocol.NoTLS},
		"half a mark":     {func(s *spliced) { s.far.instead = frame[:1] }, protocol.Lost},
		"half a hello":    {func(s *spliced) { s.far.instead = marks(true) + "half a key" }, protocol.Lost},
		"something else":  {func(s *spliced) { s.far.instead = "HTTP/1.1" }, protocol.NoPeer},
		"something alike": {func(s *spliced) { s.far.instead = "RSA" }, protocol.NoPeer},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSpliced(3)
			c.change(s)
			s.run(t)
			if s.near.lost != c.code {
				t.Errorf("got %v, want %v", s.near.lost, c.code)
			}
		})
	}
}

// TestSecureTakesNobodyInTheMiddle checks that somebody between a far end and the relay proves no key but his own.
func TestSecureTakesNobodyInTheMiddle(t *testing.T) {
	for n, code := range []protocol.Code{protocol.WrongPeer, protocol.NoTLS} {
		s := newSpliced(3, scenario.Fault{Class: scenario.Middle, Who: "relay", N: n})
		s.run(t)
		if s.near.lost != code {
			t.Errorf("got %v, want %v", s.near.lost, code)
		}
	}
}

// TestSecureNeedsTheRelay checks that nobody but a relay takes links in plain where links prove ids.
func TestSecureNeedsTheRelay(t *testing.T) {
	s := newSpliced(3)
	other := s.w.byName["c1"]
	other.proc.listening = true
	s.near.to = other.address.String()
	s.run(t)
	if s.near.joined || !s.near.ended && s.near.lost == 0 {
		t.Error("it takes a link in plain")
	}
}
