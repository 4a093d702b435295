package relay

import (
	"net/netip"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Budget bounds the proofs of addresses that a relay has under way, for all its links: a relay can be told
// to dial, and is no scanner.
type Budget interface {
	// Take takes the right to prove an address now. Again says that the last proof of it has failed.
	Take(at roles.Moment, addr netip.Addr, again bool) Permit
	// Give gives it back, with what was found out; 0: nothing.
	Give(at roles.Moment, addr netip.Addr, found protocol.Reach)
}

// Permit says whether an address may be proven.
type Permit int

// The permits.
const (
	Now    Permit = iota // it is taken
	Later                // there will be one soon: so many are under way
	Behind               // there will be one soon: another proof of this address is under way
	Spent                // so many proofs of this address have failed that there is none for a while
)

// Proofs implements [Budget]. It is safe for concurrent use. The zero value lets roles.MaxProbes proofs be under
// way, one of each address, IPv6 by /56; loopback has no such bound. Of these, failed ones that are tried
// again get a quarter, and addresses of which nothing has been proven lately three quarters, so that
// those which cannot be reached keep nobody waiting.
type Proofs struct {
	mu    sync.Mutex
	under int // way
	hosts map[netip.Prefix]*proofs
	swept time.Duration // when the hosts were swept last
}

// proofs is what an address has had of the budget.
type proofs struct {
	busy   bool
	failed int           // proofs, since the time of the first of them
	since  time.Duration // within roles.ProbeSpan; 0 with none
	proven time.Duration // when one succeeded last
	ever   bool          // one did
}

// Take implements [Budget].
func (p *Proofs) Take(at roles.Moment, addr netip.Addr, again bool) Permit {
	p.mu.Lock()
	defer p.mu.Unlock()
	if addr.IsLoopback() {
		return p.take(roles.MaxProbes)
	}
	key := hostOf(addr)
	h := p.hosts[key]
	if h == nil {
		h = &proofs{}
	}
	switch {
	case h.failed >= roles.MaxFailedProbes && at.Now-h.since < roles.ProbeSpan:
		return Spent
	case h.busy:
		return Behind
	}
	permit := p.take(h.share(at.Now, again))
	if permit == Now && !p.remember(at.Now, key, h) {
		p.under--
		return Spent
	}
	h.busy = permit == Now
	return permit
}

func (p *Proofs) take(most int) Permit {
	if p.under >= most {
		return Later
	}
	p.under++
	return Now
}

// share returns how many proofs may be under way when one of an address begins.
func (h *proofs) share(now time.Duration, again bool) int {
	switch {
	case again:
		return roles.MaxProbes / 4
	case h.ever && now-h.proven < roles.LastSeenKeep:
		return roles.MaxProbes
	}
	return roles.MaxProbes * 3 / 4
}

// remember remembers what an address has had: one that is dialed, and no other. It reports false if no more can be
// remembered.
func (p *Proofs) remember(now time.Duration, key netip.Prefix, h *proofs) bool {
	if p.hosts[key] != nil {
		return true
	}
	if len(p.hosts) >= roles.MaxProbed {
		p.forget(now)
	}
	if len(p.hosts) >= roles.MaxProbed {
		return false
	}
	if p.hosts == nil {
		p.hosts = map[netip.Prefix]*proofs{}
	}
	p.hosts[key] = h
	return true
}

// hostOf returns what counts as one address.
func hostOf(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 56
	}
	key, _ := addr.Prefix(bits)
	return key
}

// forget forgets the addresses about which nothing matters any more, once in a ProbeSpan at most: those that
// were proven are the first to be without their advantage.
func (p *Proofs) forget(now time.Duration) {
	if p.swept > 0 && now-p.swept < roles.ProbeSpan {
		return
	}
	p.swept = now
	for key, h := range p.hosts {
		if !h.busy && (h.failed == 0 || now-h.since >= roles.ProbeSpan) {
			delete(p.hosts, key)
		}
	}
}

// Give implements [Budget].
func (p *Proofs) Give(at roles.Moment, addr netip.Addr, found protocol.Reach) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.under--
	h := p.hosts[hostOf(addr)]
	if addr.IsLoopback() || h == nil {
		return
	}
	h.busy = false
	switch {
	case found == protocol.ReachDirect:
		h.ever, h.proven = true, at.Now
	case found.Failed() && (h.failed == 0 || at.Now-h.since >= roles.ProbeSpan):
		h.failed, h.since = 1, at.Now
	case found.Failed():
		h.failed++
	}
}

// UnderWay returns how many proofs are under way.
func (p *Proofs) UnderWay() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.under
}
