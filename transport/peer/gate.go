package peer

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// lookAgain is how often a closed relay looks whether somebody has been revoked.
const lookAgain = 2 * time.Second

// ErrPlainAdmission is the error of a closed relay on a listener that proves no ids.
var ErrPlainAdmission = errors.New("a closed relay needs TLS: in plain nobody has an id by which he could be admitted")

// sessions returns what makes the sessions of a listener's links.
func (r *Relay) sessions(listener transport.Listener) (func() *relay.Session, error) {
	if r.Admission == nil {
		return func() *relay.Session { return relay.NewSession(r.directory, &r.answers) }, nil
	}
	id, proves := provenBy(listener)
	if !proves {
		return nil, ErrPlainAdmission
	}
	return func() *relay.Session { return relay.NewClosedSession(r.directory, &r.answers, r.Admission, id) }, nil
}

// gate returns what keeps the invites; nil: the relay is open.
func (r *Relay) gate() transport.Gate {
	if r.Admission == nil {
		return nil
	}
	return loggedGate{r.Admission, logger(r.Log).Named("admission")}
}

// loggedGate tells the owner who is admitted, by which token and from where, and who is not.
type loggedGate struct {
	admission *state.Admission
	log       hclog.Logger
}

// FindToken implements [transport.Gate].
func (g loggedGate) FindToken(id protocol.TokenID) protocol.PeerID {
	key, err := g.admission.Key(id)
	if err != nil {
		g.log.Error("the tokens cannot be read; what was read before counts", "why", err)
	}
	return key
}

// Admit implements [transport.Gate].
func (g loggedGate) Admit(id protocol.PeerID, by protocol.TokenID, from netip.Addr) roles.Admitted {
	was := g.admission.Role(id)
	role, err := g.admission.Admit(id, by, from, time.Now())
	refusal := state.Refusal("")
	switch {
	case errors.As(err, &refusal):
		g.log.Warn("not admitted", "id", id, "token", by, "from", from, "why", refusal)
		return roles.Admitted{Code: protocol.Denied, Text: refusal.Error()}
	case err != nil:
		g.log.Error("nobody can be admitted", "id", id, "token", by, "from", from, "why", err)
		return roles.Admitted{Code: protocol.Internal, Text: "the relay cannot keep who is admitted"}
	case role != was:
		g.log.Info("admitted", "id", id, "role", role, "token", by, "from", from)
	}
	return roles.Admitted{Role: role}
}

// keepGate reads again who is revoked, and ends the leases of those who are not admitted any more, until
// what it returns is called.
func (r *Relay) keepGate(ctx context.Context) (end func()) {
	if r.Admission == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var keeping sync.WaitGroup
	keeping.Go(func() {
		log := logger(r.Log).Named("admission")
		beat := time.NewTicker(lookAgain)
		defer beat.Stop()
		version, said := uint64(0), ""
		for ctx.Err() == nil {
			said = r.refresh(log, said)
			if now := r.Admission.Version(); now != version {
				version = now
				r.expel(log)
			}
			select {
			case <-beat.C:
			case <-ctx.Done():
			}
		}
	})
	return func() {
		cancel()
		keeping.Wait()
	}
}

// refresh reads the files of the command line again. It returns what is wrong, which is said once.
func (r *Relay) refresh(log hclog.Logger, said string) string {
	err := r.Admission.Refresh()
	if err == nil {
		return ""
	}
	if err.Error() != said {
		log.Error("who is revoked cannot be read; what was read before counts", "why", err)
	}
	return err.Error()
}

// expel ends the leases of nodes that are not admitted any more.
func (r *Relay) expel(log hclog.Logger) {
	if r.registry == nil {
		return
	}
	now, admitted := time.Since(r.start), func(id protocol.PeerID) bool { return r.Admission.Role(id) != 0 }
	for _, link := range r.circuits.Expel(now, admitted) {
		r.exchange.Wake(link)
	}
	gone := r.registry.Expel(time.Since(r.start), func(id protocol.PeerID) bool { return r.Admission.Role(id).Covers(protocol.NodeRole) })
	if gone > 0 {
		log.Info("leases have ended with their nodes' admission", "leases", gone)
	}
}
