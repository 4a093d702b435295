package web

import (
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// FuzzWhoMayComeIn: whatever a peer says, only the names of the door and the right token pass, and a path stays one.
func FuzzWhoMayComeIn(f *testing.F) {
	for _, host := range []string{"localhost", "127.0.0.1:80", "[::1]:8080", "media.example.", "rebound.example", "[::1", "a:b:c", "\x00", "[fe80::1%25x]", "xn--e1a"} {
		for _, authorization := range []string{"", "Basic Og==", "Bearer x", "bearer " + secret, "Basic \xff"} {
			f.Add(host, authorization, "/p/a%2Fb", "http://localhost")
		}
	}
	f.Add("localhost", "", "/p", "null")
	f.Add("localhost", "", "/%70/../p//-/", "://")
	h, err := newHosts(endpoint{host: "127.0.0.1"}, []string{"media.example", "2001:db8::1"})
	if err != nil {
		f.Fatal(err)
	}
	allowed := map[string]bool{"localhost": true, "media.example": true, "2001:db8::1": true}
	f.Fuzz(func(t *testing.T, host, authorization, path, origin string) {
		if h.allows(host, netip.MustParseAddr("127.0.0.1")) {
			name, is := hostName(host)
			addr, err := netip.ParseAddr(name)
			if !is || !allowed[name] && (err != nil || !addr.Unmap().IsLoopback() && addr.WithZone("") != netip.MustParseAddr("2001:db8::1")) {
				t.Errorf("%q is allowed as %q", host, name)
			}
		}
		r := httptest.NewRequest("GET", "http://localhost/", nil)
		r.Header["Authorization"] = []string{authorization}
		r.Header["Origin"] = []string{origin}
		want := hashed{}
		if given, is := givenToken(r); is && want.matches(given) {
			t.Errorf("%q matches nothing", authorization)
		}
		fromElsewhere(r, func(host string) bool { return h.allows(host, netip.Addr{}) })
		at, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(at.Path, "/") {
			return
		}
		rest, raw := stripBase("/p/", at.Path, at.RawPath)
		if !strings.HasPrefix(rest, "/") || raw != "" && !strings.HasPrefix(raw, "/") {
			t.Errorf("%q becomes %q, %q", path, rest, raw)
		}
		if unescaped, err := url.PathUnescape(raw); raw != "" && (err != nil || unescaped != rest) {
			t.Errorf("%q becomes %q, but %q", path, rest, raw)
		}
		if base, err := tidyBase(path); err == nil && (!strings.HasPrefix(base, "/") || !strings.HasSuffix(base, "/") || strings.Contains(base, "//")) {
			t.Errorf("%q is the base path %q", path, base)
		}
	})
}
