package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
)

// Policy is the Content-Security-Policy of all that comes through the door, unless a handler sets
// another one: nothing but what the door itself serves, and no inline styles or scripts.
const Policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// gate checks requests before a handler sees them.
type gate struct {
	*Door
	handler http.Handler
	ending  <-chan struct{}
	slots   chan struct{} // one in it for each request that is served
}

// ServeHTTP answers what may not come in, and hands on the rest.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &response{ResponseWriter: w, base: g.options.Base, slowFor: g.limits.slowFor}
	if r.ProtoMajor > 1 {
		out.control = http.NewResponseController(w)
		defer out.last()
	}
	r = withVisit(r, visit{base: g.options.Base, ending: g.ending, sampled: g.sampled, still: func() bool { return g.knowsToken(r) }})
	defer g.recovered(out, r)
	setHeaders(w.Header())
	if r.ContentLength != 0 {
		leaveBody(w)
	}
	if !g.mayCome(out, r) {
		return
	}
	bare := takeBase(g.options.Base, r)
	if strings.HasPrefix(r.URL.Path, "/"+assetRoom+"/") {
		Assets().ServeHTTP(out, r) // also for the page that says that a token is needed
		return
	}
	if !g.checkToken(out, r) {
		return
	}
	if bare {
		to := url.URL{Path: g.options.Base, RawQuery: r.URL.RawQuery}
		http.Redirect(out, r, to.String(), http.StatusPermanentRedirect)
		return
	}
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		Fail(out, r, http.StatusServiceUnavailable, "too many requests are served at once; try again")
		return
	}
	g.handler.ServeHTTP(out, r)
}

// leaveBody has nobody read the body of a request: package net/http, too, would read on for as long as
// the peer makes it last.
func leaveBody(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
}

// setHeaders sets what handlers may change.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// mayCome answers a request that nobody may make, whether they know the token or not.
func (g *gate) mayCome(w http.ResponseWriter, r *http.Request) bool {
	local := localAddr(r.Context())
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		Fail(w, r, http.StatusMethodNotAllowed, "nothing can be changed here: GET and HEAD only")
	case !g.hosts.allows(r.Host, local):
		name := protocol.Printable(r.Host, maxHost)
		g.sampled.warn("called under a name that is not its own; --http-host allows one", "name", name, "from", hostOf(r))
		Fail(w, r, http.StatusMisdirectedRequest, fmt.Sprintf("this server does not answer to the name %q; --http-host NAME allows another name", name))
	case fromElsewhere(r, func(host string) bool { return host == r.Host || g.hosts.allows(host, local) }):
		Fail(w, r, http.StatusForbidden, "a page of another site has asked for this; only links lead here from there")
	case r.URL.Path != "" && r.URL.Path[0] != '/':
		Fail(w, r, http.StatusBadRequest, "this is no path")
	default:
		return true
	}
	return false
}

// localAddr returns the address at which a request has come in; an invalid one of a UNIX socket.
func localAddr(ctx context.Context) netip.Addr {
	addr, _ := ctx.Value(http.LocalAddrContextKey).(net.Addr)
	return addrOf(addr)
}

// takeBase takes the base path off a request's path. A proxy that has taken it off itself is right as
// well. It reports whether the path is the base path without the slash at its end.
func takeBase(base string, r *http.Request) (bare bool) {
	if r.URL.Path == "" {
		r.URL.Path = "/" // of an absolute form without a path
	}
	if base != "/" && r.URL.Path+"/" == base {
		return true
	}
	r.URL.Path, r.URL.RawPath = stripBase(base, r.URL.Path, r.URL.RawPath)
	return false
}

// stripBase returns a path and its escaped form without the base path, where both have it. An
// escaped form in which the base is escaped is none that a link of ours has: it stays.
func stripBase(base, path, raw string) (string, string) {
	rest, below := strings.CutPrefix(path, base)
	rawRest, rawBelow := strings.CutPrefix(raw, base)
	if !below || raw != "" && !rawBelow {
		return path, raw
	}
	if raw == "" {
		return "/" + rest, ""
	}
	return "/" + rest, "/" + rawRest
}

// recovered is deferred: a handler that panics costs its request. Where something has been sent
// already, the connection is broken off, so that nobody takes the answer for whole.
func (g *gate) recovered(w *response, r *http.Request) {
	why := recover()
	if why == nil {
		return
	}
	if err, is := why.(error); is && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	g.sampled.fail("a page has failed", "path", cli.ForDisplay(r.URL.Path), "why", why, "stack", string(debug.Stack()))
	if w.sent {
		panic(http.ErrAbortHandler)
	}
	Fail(w, r, http.StatusInternalServerError, "this page has failed; the log says why")
}
