package peer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// Trust is which relay a Client or a Node takes for the one at its address. The zero value takes the one
// that answers first, and no other one after that. SPEC "Identity".
type Trust struct {
	RelayID protocol.PeerID // that the relay has to prove; zero: the one in Known
	Known   Known           // remembers relays from one run to the next; nil: nothing does
	Strict  bool            // a relay that is not known is not asked
	// Invite admits us to a closed relay. It says which one that is, and where: the Relay of a Client or
	// Node is one of its addresses. Nil: there is none.
	Invite *protocol.Invite
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

	entered   bool     // by the invite, in this run
	addresses []string // of the invite
}

// expected returns the id that the relay at an address has to prove; zero: any. The error says why it is
// not to be asked at all.
func (r *relayPin) expected(t *Trust, over transport.Network, address string) (protocol.PeerID, *Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, proves := over.(transport.Authenticated)
	id, where := r.id, r.where
	if err := r.invited(t); err != nil {
		return id, err
	}
	switch known, is, err := t.find(address); {
	case err != nil:
		return id, distrusted(protocol.Disk, err.Error())
	case t.Invite != nil:
		id, where = t.Invite.Relay, "as the invite says"
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

// invited refuses an invite of another relay than the one that is asked for, or known at one of its
// addresses: it may be forged.
func (r *relayPin) invited(t *Trust) *Error {
	if t.Invite == nil {
		return nil
	}
	if !t.RelayID.IsZero() && t.RelayID != t.Invite.Relay {
		return distrusted(protocol.RelayChanged, fmt.Sprintf("its id is to be %s, and the invite says %s", t.RelayID, t.Invite.Relay))
	}
	for _, address := range t.Invite.Addresses {
		switch known, is, err := t.find(address); {
		case err != nil:
			return distrusted(protocol.Disk, err.Error())
		case is && known.ID != t.Invite.Relay:
			return distrusted(protocol.RelayChanged, fmt.Sprintf("the invite says that it is %s at %s, and %s says %s", t.Invite.Relay, address, written(known), known.ID))
		}
	}
	r.addresses = t.Invite.Addresses
	return nil
}

// entry returns what a machine needs to enter the relay; zero once it has been entered.
func (r *relayPin) entry(t *Trust, over transport.Network) roles.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	proves, is := over.(transport.Authenticated)
	if t.Invite == nil || r.entered || !is {
		return roles.Entry{}
	}
	return roles.Entry{Invite: t.Invite, ID: proves.ID()}
}

// enter takes note that the relay has admitted us: it is known from now on, by the invite.
func (r *relayPin) enter(t *Trust, log hclog.Logger) {
	r.mu.Lock()
	first := !r.entered
	r.entered = true
	r.mu.Unlock()
	if !first {
		return
	}
	log.Info("the relay has admitted us by the invite", "id", t.Invite.Relay, "token", t.Invite.Token)
	if t.Known == nil {
		return
	}
	for _, address := range t.Invite.Addresses {
		if err := t.Known.Add(address, t.Invite.Relay, state.Invited); err != nil {
			log.Warn("the relay cannot be kept in mind", "relay", address, "id", t.Invite.Relay, "why", err)
		}
	}
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

// LookUp implements [transport.Network]. An invited relay is where one of the invite's addresses leads.
func (v vouched) LookUp(ctx context.Context, address string) (found []netip.AddrPort, err error) {
	v.relay.mu.Lock()
	all := v.relay.addresses
	v.relay.mu.Unlock()
	if !slices.Contains(all, address) {
		return v.Authenticated.LookUp(ctx, address)
	}
	for _, one := range all {
		some, failed := v.Authenticated.LookUp(ctx, one)
		found, err = append(found, some...), cmp.Or(err, failed)
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, err
}

// DialPeer implements [transport.Authenticated].
func (v vouched) DialPeer(ctx context.Context, address string, id protocol.PeerID) (transport.Conn, error) {
	conn, err := v.Authenticated.DialPeer(ctx, address, id)
	var other *transport.DialError
	if errors.As(err, &other) && v.relay.current() == id && (other.Code == protocol.WrongPeer || other.Code == protocol.NoTLS) {
		return nil, &transport.DialError{Code: protocol.RelayChanged, ID: other.ID, Text: v.relay.changed(id, other)}
	}
	return conn, err
}

// current returns the id that the relay has to prove now: what expected has returned, or else, of a relay
// that has been met since, its id; zero: nobody is expected yet.
func (r *relayPin) current() protocol.PeerID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.id
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
