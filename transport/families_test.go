package transport

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

var at4, at6 = netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("fd09::1")

// both is a network in which a relay listens at an address of each family.
func both(t *testing.T) (*Memory, Listener) {
	t.Helper()
	m := NewMemory()
	m.Name("relay", at6, at4)
	m.Name("node", netip.MustParseAddr("10.9.0.9"), netip.MustParseAddr("fd09::9"))
	l, err := m.Listen(t.Context(), "relay:4000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return m, l
}

// reaches checks over which addresses a Dial comes to be, and after how long.
func reaches(t *testing.T, m *Memory, l Listener, dial roles.Dial, local, remote string, after time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), roles.DialTimeout)
	defer cancel()
	begin := time.Now()
	conn, err := (&Loop{Network: m.From("node")}).connect(ctx, dial)
	if took := time.Since(begin); took != after {
		t.Errorf("%+v took %v, not %v", dial, took, after)
	}
	if err != nil {
		if remote != "" {
			t.Errorf("%+v: %v", dial, err)
		}
		return
	}
	defer conn.Close()
	if far, err := l.Accept(); err == nil {
		far.Close()
	}
	if addrPort(conn.LocalAddr()).Addr().String() != local || addrPort(conn.RemoteAddr()).String() != remote {
		t.Errorf("%+v is a link from %v to %v, not from %s to %s", dial, conn.LocalAddr(), conn.RemoteAddr(), local, remote)
	}
}

// A Dial tries the addresses of the family that it names, the one that has just failed last, and a
// silent one keeps it from none.
func TestADialTriesTheAddressesThatItNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, l := both(t)
		const here4, here6, there4, there6 = "10.9.0.9", "fd09::9", "10.9.0.1:4000", "[fd09::1]:4000"
		reaches(t, m, l, roles.Dial{To: "relay:4000"}, here6, there6, 0)
		reaches(t, m, l, roles.Dial{To: "relay:4000", Only: roles.IPv4}, here4, there4, 0)
		reaches(t, m, l, roles.Dial{To: "relay:4000", Only: roles.IPv6}, here6, there6, 0)
		reaches(t, m, l, roles.Dial{To: "relay:4000", Last: at6}, here4, there4, 0)
		reaches(t, m, l, roles.Dial{To: there6, Also: there4, Last: at6}, here4, there4, 0)
		reaches(t, m, l, roles.Dial{To: there4, Last: at4}, here4, there4, 0)
		reaches(t, m, l, roles.Dial{To: "nobody:4000", Also: there4}, here4, there4, 0)
		reaches(t, m, l, roles.Dial{To: there4, Only: roles.IPv6}, "", "", 0)
		m.Silence(at6, true)
		reaches(t, m, l, roles.Dial{To: "relay:4000"}, here4, there4, attemptGap)
		reaches(t, m, l, roles.Dial{To: "relay:4000", Only: roles.IPv6}, "", "", roles.DialTimeout)
		reaches(t, m, l, roles.Dial{To: "relay:4000", Only: roles.IPv4}, here4, there4, 0)
		m.Silence(at6, false)
		reaches(t, m, l, roles.Dial{To: "relay:4000"}, here6, there6, 0)
	})
}

// A host without an address of the family that is asked for is unreachable, over any network.
func TestAFamilyThatAHostDoesNotHaveIsUnreachable(t *testing.T) {
	for _, network := range []Network{TCP{}, NewMemory()} {
		for address, only := range map[string]roles.Family{"127.0.0.1:1": roles.IPv6, "[::1]:1": roles.IPv4} {
			if conn, err := (&Loop{Network: network}).connect(t.Context(), roles.Dial{To: address, Only: only}); conn != nil || dialCode(err) != protocol.Unreachable {
				t.Errorf("%s over %s: %v", address, only, err)
			}
		}
	}
}

// A name of Memory has the addresses that it was given; it listens at all of them, or at none.
func TestANameHasSeveralAddresses(t *testing.T) {
	m, l := both(t)
	if found, err := m.LookUp(t.Context(), "relay:7"); err != nil || !slices.Equal(found, []netip.AddrPort{netip.AddrPortFrom(at6, 7), netip.AddrPortFrom(at4, 7)}) {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := m.Listen(t.Context(), "10.9.0.1:4000"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Error(err)
	}
	l.Close()
	for _, address := range []string{"10.9.0.1:4000", "[fd09::1]:4000", "relay:4000"} {
		if _, err := m.Dial(t.Context(), address); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", address, err)
		}
	}
	again, err := m.Listen(t.Context(), "relay:0")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for _, addr := range []netip.Addr{at4, at6} {
		conn, err := m.Dial(t.Context(), netip.AddrPortFrom(addr, again.Addr().Port()).String())
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}
