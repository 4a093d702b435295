package transport

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// link is a connection of a run. Fields without another owner belong to the stepper.
type link struct {
	run    *run
	id     roles.Link
	cancel context.CancelFunc // ends its dialling; nil: it was accepted

	// Guarded by the run's mutex.
	conn     Conn // nil while dialling
	gone     bool // hung up: its letters are dropped
	want     command
	orders   uint64        // numbers the commands
	writing  bool          // the stepper writes to it
	waiting  chan struct{} // on which the reader waits for a command; nil: it does not wait
	pacing   chan struct{} // on which the reader puts a request off; nil: it does not
	parked   bool          // there is no reader: the command is begun again when something has come
	place    uint64        // where it is parked
	patience *alarm        // with a withheld outbox; nil: none was

	local, peer netip.AddrPort
	ended       bool           // the machine has got PeerEnded
	lost        bool           // the machine has got Lost; further letters are dropped
	end         End            // of a lost link
	err         error          // of a lost link
	failed      bool           // a write has failed: Lost is on its way
	sending     bool           // a SendBody, or a Send with Told, is under way
	held        []roles.Effect // effects that wait for its end
	out         outbox         // while sending, the sender's
	withheld    bool           // the outbox waits for the next answer
	leg         *leg           // of a circuit; nil: it is none
	was         What           // Dialled or Accepted, once that is traced
	passed      int64          // bytes of the body that is under way, as Loop.Passed was told

	in inbox // the reader's; the stepper's while the reader waits for a command
}

// command is an instruction for a link's reader.
type command struct {
	what   order
	number uint64
	body   *roles.ReceiveBody // of toReceive
	leg    *leg               // of toSplice
	bytes  uint64             // of toSplice
	left   uint64             // of these
	rests  bool               // of toHear: nothing is expected soon
	secure *roles.Secure      // of toSecure
}

type order int

const (
	toRest order = iota
	toHear
	toHearFirst
	toReceive
	toDiscard
	toSplice
	toSecure
)

// silent takes the effects on links that no longer exist.
var silent = &link{gone: true}

func (r *run) link(id roles.Link) *link {
	for _, k := range r.links {
		if k.id == id {
			return k
		}
	}
	return silent
}

// accept adds the link that a machine serves, and puts its Opened first into the mailbox.
func (r *run) accept(conn Conn) *link {
	k := &link{run: r, conn: conn, local: addrPort(conn.LocalAddr()), peer: addrPort(conn.RemoteAddr())}
	r.number = r.loop.Switch.add(r)
	r.links = append(r.links, k)
	r.mailbox = append(r.mailbox, letter{from: k, input: k.opened()})
	return k
}

// opened returns the input for a link that is open.
func (k *link) opened() roles.Opened { return k.openedOver(k.conn) }

// openedOver returns it for a link that is open over a connection.
func (k *link) openedOver(conn Conn) roles.Opened {
	opened := roles.Opened{Link: k.id, Peer: k.peer, Local: k.local, Busy: k.run.full}
	if k.cancel == nil {
		opened.Number = k.run.number
	}
	if proven, is := conn.(Proven); is {
		opened.ID, opened.Exporter = proven.PeerID(), proven.Exporter()
	}
	return opened
}

// serve steps the machine with the Opened of an accepted link, and then is the link's reader until
// the link is closed, or parked: it reports the latter.
func (k *link) serve() (parked bool) {
	k.run.mu.Lock()
	k.run.work(false)
	return k.read()
}

// dial starts to connect. The goroutine that dials becomes the link's reader.
func (r *run) dial(e roles.Dial) {
	ctx, cancel := context.WithCancel(r.ctx)
	k := &link{run: r, id: e.Link, cancel: cancel}
	k.peer, _ = netip.ParseAddrPort(e.To) // for the trace, until it is connected
	r.mu.Lock()
	if r.ended {
		r.mu.Unlock()
		cancel()
		return
	}
	r.links = append(r.links, k)
	r.live++
	r.mu.Unlock()
	go func() {
		defer r.leave()
		conn, err := r.loop.connect(ctx, e)
		if err != nil {
			r.post(letter{from: k, end: Unended, err: err, input: roles.Lost{Link: k.id, Code: dialCode(err), Text: err.Error()}})
			return
		}
		if !k.open(conn) {
			conn.Close()
			return
		}
		r.post(letter{from: k, input: k.opened()})
		k.read()
	}()
}

// open gives a link its dialled connection. It reports false if the link was hung up or the run has
// ended.
func (k *link) open(conn Conn) bool {
	k.run.mu.Lock()
	defer k.run.mu.Unlock()
	if k.gone || k.run.ended {
		return false
	}
	k.conn, k.local, k.peer = conn, addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr())
	return true
}

// replace gives a link another connection, over the one that it has.
func (k *link) replace(conn Conn) {
	k.run.mu.Lock()
	defer k.run.mu.Unlock()
	k.conn = conn
}

// admit reports whether the machine gets a letter from the link. Letters from a link that is gone
// or lost are dropped, and so are answers to a command that a later one has replaced, unless they
// end the link.
func (k *link) admit(l *letter) bool {
	if k.gone || k.lost {
		return false
	}
	switch in := l.input.(type) {
	case roles.Opened:
		what := Dialled
		if k.cancel == nil {
			what = Accepted
		}
		if l.conn != nil {
			what = Secured
			k.replace(l.conn)
		}
		if k.was == "" {
			k.was = what
		}
		k.trace(Event{What: what})
	case roles.Heard:
		if l.order != k.orders {
			return false
		}
		k.trace(Event{What: HeardMessage, Message: in.Message})
	case roles.PeerEnded:
		if !k.ended {
			k.trace(Event{What: PeerEnded})
		}
		k.ended = true
	case roles.Sent:
		k.release()
	case roles.Moved:
		if l.order != 0 && l.order != k.orders {
			return false
		}
		k.pass(l.what, in.Bytes)
	case roles.Lost:
		k.lost, k.end, k.err = true, l.end, l.err
		if k.conn == nil {
			k.trace(Event{What: DialFailed, Err: l.err})
		}
	case roles.BodyDone, roles.BodySpoiled:
		if l.what != SentBody && l.order != k.orders {
			return false
		}
		k.pass(l.what, l.bytes-k.passed)
		k.passed = 0
		k.trace(Event{What: l.what, Bytes: l.bytes})
		if l.what == SentBody {
			k.release()
		}
	default:
		return l.order == 0 || l.order == k.orders
	}
	return true
}

// order gives the reader its next command.
func (k *link) order(c command) {
	if k.gone || k.lost {
		return
	}
	if c.what != toSplice {
		k.unsplice()
	}
	k.run.mu.Lock()
	defer k.run.mu.Unlock()
	k.orders++
	c.number = k.orders
	if c.what == toReceive || c.what == toSplice {
		k.passed = 0
	}
	if m := k.atHand(c.what); m != nil {
		k.run.mailbox = append(k.run.mailbox, letter{from: k, order: c.number, input: roles.Heard{Link: k.id, Message: m}})
		return
	}
	k.want = c
	k.rouse()
}

// atHand returns the next message if it has arrived as a whole and the reader waits for a command.
// The reader then need not be woken. The caller holds the run's mutex.
func (k *link) atHand(what order) protocol.Message {
	if k.waiting == nil || what != toHear || k.run.requests != nil {
		return nil
	}
	m, size, refusal := k.in.decode(protocol.MaxList)
	if refusal != nil {
		return nil
	}
	k.in.from += size
	return m
}

// asked reports whether the peer's next request has already arrived.
func (k *link) asked() bool {
	k.run.mu.Lock()
	defer k.run.mu.Unlock()
	return k.waiting != nil && protocol.Whole(k.in.unread())
}

// rouse wakes the reader if it waits. The caller holds the run's mutex.
func (k *link) rouse() {
	if k.waiting != nil {
		close(k.waiting)
		k.waiting = nil
	}
	if k.pacing != nil {
		close(k.pacing)
		k.pacing = nil
	}
	k.unpark()
}

// next waits for a command. It reports false when the link is gone.
func (k *link) next() (command, bool) {
	k.run.mu.Lock()
	defer k.run.mu.Unlock()
	for !k.gone && k.want.what == toRest {
		wait := make(chan struct{})
		k.waiting = wait
		k.run.mu.Unlock()
		<-wait
		k.run.mu.Lock()
	}
	c := k.want
	k.want = command{}
	return c, !k.gone
}

// hangUp closes the link, or cancels its dialling. No letter of the link reaches the machine from
// then on.
func (k *link) hangUp() {
	if k.gone {
		return
	}
	r := k.run
	if k.conn != nil && !k.lost {
		k.flush()
	}
	r.mu.Lock()
	k.gone = true
	r.links = slices.DeleteFunc(r.links, func(other *link) bool { return other == k })
	k.rouse()
	cut := r.cutOff
	r.mu.Unlock()
	if k.cancel != nil {
		k.cancel()
	}
	if k.conn == nil {
		return
	}
	k.unsplice()
	k.conn.Close()
	k.trace(Event{What: Closed, Was: k.was, End: k.ending(cut), Err: k.err})
}

// ending returns how the link ended.
func (k *link) ending(cut bool) End {
	switch {
	case cut:
		return Cut
	case k.lost:
		return k.end
	case k.ended:
		return Graceful
	}
	return Early
}

// sever closes the link's connection; the stepper's hangUp follows. The caller holds the run's
// mutex.
func (k *link) sever() {
	if k.cancel != nil {
		k.cancel()
	}
	if k.conn != nil {
		k.conn.Close()
	}
}

// lose returns the Lost letter for an error of the link.
func (k *link) lose(err error) letter {
	code := protocol.Lost
	if isTimeout(err) {
		code = protocol.Timeout
	}
	return letter{from: k, end: endOf(err), err: err, input: roles.Lost{Link: k.id, Code: code, Text: err.Error()}}
}

// The deadlines for writing messages: the usual one, and that of a run that has to hurry.
func writeBy() time.Time { return time.Now().Add(roles.ReplyTimeout) }
func hurryBy() time.Time { return time.Now().Add(roles.CloseTimeout / 2) }
