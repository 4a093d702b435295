package web

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/relaypeer/relaypeer/roles"
)

const (
	// wrongBurst is how many wrong tokens may come from one address at once.
	wrongBurst = 10
	// wrongRate is how many more may come in a second.
	wrongRate = 0.1
	// maxWrong is of how many addresses wrong tokens are counted.
	maxWrong = 4096
)

// wrongTokens counts wrong tokens by address. An address that has sent too many is not listened to
// for a while, the right token or not: else it could go on guessing. Only of this machine, where a
// proxy may be that others come through, the right one is taken at any time.
type wrongTokens struct {
	mu   sync.Mutex
	from map[roles.Host]*rate.Limiter
}

// tooMany reports whether an address has to wait.
func (t *wrongTokens) tooMany(host roles.Host) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	bucket := t.from[host]
	return bucket != nil && bucket.Tokens() < 1
}

// count counts a wrong token, and reports whether it was not one too many.
func (t *wrongTokens) count(host roles.Host) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	bucket := t.from[host]
	if bucket == nil {
		if len(t.from) >= maxWrong {
			t.forget()
		}
		bucket = rate.NewLimiter(wrongRate, wrongBurst)
		if t.from == nil {
			t.from = map[roles.Host]*rate.Limiter{}
		}
		t.from[host] = bucket
	}
	return bucket.Allow()
}

// forget makes room: it forgets the addresses that may send as many as one that was never seen, or,
// if there is none, any one.
func (t *wrongTokens) forget() {
	now := time.Now()
	for host, bucket := range t.from {
		if bucket.TokensAt(now) >= wrongBurst {
			delete(t.from, host)
		}
	}
	for host := range t.from {
		if len(t.from) < maxWrong {
			return
		}
		delete(t.from, host)
	}
}

// hostOf returns what the address of a request counts as; that of a UNIX socket is this machine.
func hostOf(r *http.Request) roles.Host {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return thisMachine
	}
	return roles.HostOf(addr.Addr())
}

var thisMachine = roles.HostOf(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
