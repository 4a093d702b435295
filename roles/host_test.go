package roles_test

import (
	"net/netip"
	"testing"

	"github.com/relaypeer/relaypeer/roles"
)

func TestAnIPv6PrefixCountsAsOneAddress(t *testing.T) {
	for _, c := range []struct {
		one, other string
		same       bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "2001:db8::ffff:1", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"32.1.13.184", "2001:db8::", false}, // the same bytes
	} {
		one, other := roles.HostOf(netip.MustParseAddr(c.one)), roles.HostOf(netip.MustParseAddr(c.other))
		if same := one == other; same != c.same {
			t.Errorf("%s is %v, %s is %v", c.one, one, c.other, other)
		}
	}
}

func TestLoopbackHasNoBoundsOfItsOwn(t *testing.T) {
	for addr, bounded := range map[string]bool{
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "::ffff:127.0.0.1": false,
		"192.0.2.1": true, "2001:db8::1": true, "fe80::1": true, "0.0.0.0": true,
	} {
		if got := roles.HostOf(netip.MustParseAddr(addr)).Bounded(); got != bounded {
			t.Errorf("%s is bounded: %v", addr, got)
		}
	}
}

func TestAHostSaysWhichItIs(t *testing.T) {
	for addr, want := range map[string]string{"192.0.2.1": "192.0.2.1", "2001:db8::7": "2001:db8::/64"} {
		if got := roles.HostOf(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s is called %s", addr, got)
		}
	}
}
