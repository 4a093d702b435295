package web

import (
	"time"

	"github.com/relaypeer/relaypeer/transport"
)

// What strangers can take of a door. README.md has the table of what each bounds.
const (
	// MaxConns is how many connections a door has at once, and no more than an eighth of the open files that the
	// system allows: each takes a descriptor, and the program beside it needs most of them.
	MaxConns = 512
	// MaxConnsFrom is how many of them one address has, of IPv6 one /64. This machine may have all.
	MaxConnsFrom = 64
	// MaxRequests is how many requests a door serves at once, streams among them.
	MaxRequests = 256
	// maxHeader is the most bytes of a request's header, give or take what package net/http adds.
	maxHeader = 16 << 10
	// headerTimeout is how long a peer may take for a request's header, and for a handshake of TLS.
	headerTimeout = 10 * time.Second
	// idleTimeout is how long a connection may be without a request.
	idleTimeout = time.Minute
	// slowBytes is how much a peer has to take within slowFor to be sent more.
	slowBytes = 64 << 10
	// slowFor is how long a peer may take for slowBytes.
	slowFor = 30 * time.Second
	// maxStreams is how many requests one connection of HTTP/2 has at once.
	maxStreams = 64
	// pingAfter is after how long of silence a peer of HTTP/2 has to show that it is there.
	pingAfter = 30 * time.Second
	// drainFor is how long what is under way goes on when the door ends.
	drainFor = 3 * time.Second
	// abandonAfter is how long handlers may take to end that were cut off.
	abandonAfter = time.Second
)

// limits are those of the constants that tests make smaller.
type limits struct {
	conns, connsFrom, requests       int
	headerTimeout, slowFor, drainFor time.Duration
}

func defaultLimits() limits {
	return limits{connsAtOnce(transport.OpenFiles()), MaxConnsFrom, MaxRequests, headerTimeout, slowFor, drainFor}
}

// connsAtOnce returns how many connections a door has at once where the system allows so many open files, if that is known.
func connsAtOnce(files uint64, known bool) int {
	if !known {
		return MaxConns
	}
	return int(max(1, min(MaxConns, files/8)))
}

// Conns returns how many descriptors the connections of the door may take; none without a door.
func (d *Door) Conns() int {
	if d == nil {
		return 0
	}
	return d.limits.conns
}
