package peer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// Trust is which relay a Client or a Node takes for the one at its address. The zero value takes the one
// that answers first, and no other one after that. SPEC "Identity".
type Trust struct {
	RelayID protocol.PeerID // that the relay has to prove; zero: the one in Known
	Known   Known           // remembers relays from one run to the next; nil: nothing does
	Strict  bool            // a relay that is not known is not asked
	// Met is called when the relay has been met for the first time, with its id, once it is kept in
	// Known. Nil: it is not called.
	Met func(id protocol.PeerID)
}

// Known remembers which relay is at an address. [state.KnownRelays] is one.
type Known interface {
	// Find returns the relay that is known at host:port. An error never means that none is.
	Find(address string) (state.Known, bool, error)
	// Add makes a relay known, unless it is already. It fails if another one is.
	Add(address string, id protocol.PeerID, how string) error
}

// relayPin is a Trust at work: the relay of one Client or Node.
type relayPin struct {
	mu    sync.Mutex
	id    protocol.PeerID // that it has to prove; zero: it has not been met
	where string          // that is written, for people
}

// expected returns the id that the relay at an address has to prove; zero: any. The error says why it is
// not to be asked at all.
func (r *relayPin) expected(t *Trust, over transport.Network, address string) (protocol.PeerID, *Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, proves := over.(transport.Authenticated)
	id, where := r.id, r.where
	switch known, is, err := t.find(address); {
	case err != nil:
		return id, distrusted(protocol.Disk, err.Error())
	case !t.RelayID.IsZero() && is && known.ID != t.RelayID:
		return id, distrusted(protocol.RelayChanged, fmt.Sprintf("its id is to be %s, and %s says %s", t.RelayID, written(known), known.ID))
	case !t.RelayID.IsZero():
		id, where = t.RelayID, "what was asked for"
	case is:
		id, where = known.ID, written(known)
	}
	switch {
	case !id.IsZero() && !proves:
		return id, distrusted(protocol.RelayChanged, fmt.Sprintf("its id is known (%s), which it cannot prove in plain", where))
	case id.IsZero() && t.Strict:
		return id, distrusted(protocol.RelayUnknown, "its id is not known, and is to be")
	}
	r.id, r.where = id, where
	return id, nil
}

func (t *Trust) find(address string) (state.Known, bool, error) {
	if t.Known == nil {
		return state.Known{}, false, nil
	}
	return t.Known.Find(address)
}

// written returns where it is written that a relay is known.
func written(known state.Known) string {
	if known.File == "" {
		return "what was met before"
	}
	return fmt.Sprintf("%s, line %d, of %s", known.File, known.Line, known.Date.Format(time.DateOnly))
}

func distrusted(code protocol.Code, text string) *Error {
	return &Error{Kind: ErrNoRelay, Code: code, By: protocol.Client, Text: protocol.Printable(text, ownText)}
}

// meet takes note of the relay that was met first. Another one that answers meanwhile, in another
// conversation of the same Client, is found out at the next link: the first one stays.
func (r *relayPin) meet(t *Trust, address string, id protocol.PeerID, log hclog.Logger) {
	r.mu.Lock()
	first := r.id.IsZero()
	if first {
		r.id, r.where = id, "as it was met first"
	}
	r.mu.Unlock()
	if !first {
		return
	}
	if t.Known != nil {
		if err := t.Known.Add(address, id, state.FirstContact); err != nil {
			log.Warn("the relay cannot be kept in mind", "relay", address, "id", id, "why", err)
		}
	}
	if t.Met == nil {
		log.Info("met the relay for the first time", "relay", address, "id", id)
		return
	}
	t.Met(id)
}

// vouched is a network on which a link to the relay that is not the one that is expected says so in full.
type vouched struct {
	transport.Authenticated
	relay *relayPin
}

// vouch returns the network over which a relay is dialed.
func (r *relayPin) vouch(over transport.Network) transport.Network {
	if proves, can := over.(transport.Authenticated); can {
		return vouched{proves, r}
	}
	return over
}

// DialPeer implements [transport.Authenticated].
func (v vouched) DialPeer(ctx context.Context, address string, id protocol.PeerID) (transport.Conn, error) {
	conn, err := v.Authenticated.DialPeer(ctx, address, id)
	var other *transport.DialError
	if errors.As(err, &other) && v.relay.is(id) && (other.Code == protocol.WrongPeer || other.Code == protocol.NoTLS) {
		return nil, &transport.DialError{Code: protocol.RelayChanged, ID: other.ID, Text: v.relay.changed(id, other)}
	}
	return conn, err
}

// is reports whether an id is the one that the relay has to prove.
func (r *relayPin) is(id protocol.PeerID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return id == r.id
}

// changed returns what it means that another one answers, for people.
func (r *relayPin) changed(id protocol.PeerID, other *transport.DialError) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if other.Code == protocol.NoTLS {
		return fmt.Sprintf("it answers in plain, and should prove %s (%s)", id, r.where)
	}
	return fmt.Sprintf("it proves %s, and should prove %s (%s)", other.ID, id, r.where)
}
