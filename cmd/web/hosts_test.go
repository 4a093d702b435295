package web

import (
	"net/netip"
	"strings"
	"testing"
)

const lan, loopback = "192.168.1.5", "127.0.0.1"

// calls are Host headers, and whether a door answers to them.
var calls = []struct {
	listen  endpoint
	further string
	local   string // "": a UNIX socket
	header  string
	is      bool
}{
	{endpoint{host: loopback}, "", loopback, "127.0.0.1:8080", true},
	{endpoint{host: loopback}, "", loopback, "localhost", true},
	{endpoint{host: loopback}, "", loopback, "LocalHost.:9", true},
	{endpoint{host: loopback}, "", loopback, "[::1]:8080", true},
	{endpoint{host: loopback}, "", loopback, "[::ffff:127.0.0.1]", true},
	{endpoint{host: loopback}, "", loopback, "127.9.9.9", true},
	{endpoint{host: loopback}, "", loopback, "rebound.example:8080", false},
	{endpoint{host: loopback}, "", loopback, "localhost.rebound.example", false},
	{endpoint{host: loopback}, "", loopback, "127.0.0.1.rebound.example", false},
	{endpoint{host: loopback}, "", loopback, "192.168.1.5", false},
	{endpoint{host: loopback}, "", loopback, "2130706433", false},
	{endpoint{host: loopback}, "", loopback, "127.1", false},
	{endpoint{host: loopback}, "", loopback, "", false},
	{endpoint{host: loopback}, "", loopback, "localhost:x", false},
	{endpoint{host: loopback}, "", loopback, "localhost@rebound.example", false},
	{endpoint{host: loopback}, "", loopback, "user@localhost", false},
	{endpoint{host: loopback}, "", loopback, "[::1", false},
	{endpoint{host: loopback}, "", loopback, "[::1]x", false},
	{endpoint{host: loopback}, "", loopback, "[localhost]", false},
	{endpoint{host: loopback}, "", loopback, "::1", false},
	{endpoint{host: loopback}, "media.example", loopback, "media.example", true},
	{endpoint{host: loopback}, "media.example", loopback, "MEDIA.example.:443", true},
	{endpoint{host: loopback}, "media.example", loopback, "x.media.example", false},
	{endpoint{host: loopback}, "media.example", loopback, "localhost", true},
	{endpoint{host: loopback}, "10.0.0.9 [2001:db8::9]", loopback, "10.0.0.9:1", true},
	{endpoint{host: loopback}, "10.0.0.9 [2001:db8::9]", loopback, "[2001:DB8:0::9]", true},
	{endpoint{host: "nas.lan"}, "", lan, "nas.lan:8080", true},
	{endpoint{host: "nas.lan"}, "", lan, "192.168.1.5:8080", true},
	{endpoint{host: "nas.lan"}, "", lan, "localhost", false},
	{endpoint{}, "", lan, "192.168.1.5:8080", true},
	{endpoint{}, "", lan, "192.168.1.6:8080", false},
	{endpoint{}, "", lan, "rebound.example", false},
	{endpoint{}, "", "::ffff:192.168.1.5", "192.168.1.5", true},
	{endpoint{}, "", "fe80::1%eth0", "[fe80::1]", true},
	{endpoint{}, "", lan, "localhost", false},
	{endpoint{}, "", loopback, "localhost", true},
	{endpoint{host: "0.0.0.0", at: netip.MustParseAddrPort("0.0.0.0:1")}, "", lan, "0.0.0.0:1", false},
	{endpoint{host: "0.0.0.0", at: netip.MustParseAddrPort("0.0.0.0:1")}, "", lan, "192.168.1.5", true},
	{endpoint{socket: "s"}, "", "", "localhost", true},
	{endpoint{socket: "s"}, "", "", "rebound.example", false},
	{endpoint{socket: "s"}, "media.example", "", "media.example", true},
}

func TestADoorAnswersToItsOwnNames(t *testing.T) {
	for _, x := range calls {
		h, err := newHosts(x.listen, strings.Fields(x.further))
		if err != nil {
			t.Fatal(err)
		}
		local := netip.Addr{}
		if x.local != "" {
			local = netip.MustParseAddr(x.local)
		}
		if h.allows(x.header, local) != x.is {
			t.Errorf("%+v %s at %s: %q is %v", x.listen, x.further, x.local, x.header, !x.is)
		}
	}
}

// A page of rebound.example whose name leads to this machine gets nothing.
func TestAReboundNameIsToldWhichFlagAllowsIt(t *testing.T) {
	s := serve(t, Options{Hosts: []string{"media.example"}}, text, nil)
	got := s.ask("GET", "/", "rebound.example")
	if got.code != 421 || !strings.Contains(got.body, "--http-host") || strings.Contains(got.body, "/x") {
		t.Errorf("%+v", got)
	}
	for _, host := range []string{"media.example", "localhost", "127.0.0.1:1"} {
		if got := s.ask("GET", "/", host); got.code != 200 {
			t.Errorf("%s: %+v", host, got)
		}
	}
	if log := s.log.String(); !strings.Contains(log, "rebound.example") {
		t.Error(log)
	}
}
