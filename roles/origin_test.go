package roles_test

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// TestAnOriginIsAnIDOrAnAddress: the one says nothing of the other, and its text is read back.
func TestAnOriginIsAnIDOrAnAddress(t *testing.T) {
	id := protocol.PeerID{5}
	for _, c := range []struct {
		addr     string
		id       protocol.PeerID
		says     string
		text     string
		bounded  bool
		unproven bool
	}{
		{addr: "203.0.113.7", says: "203.0.113.7", text: "203.0.113.7", bounded: true, unproven: true},
		{addr: "2001:db8:1:2::3", says: "2001:db8:1:2::/64", text: "2001:db8:1:2::/64", bounded: true, unproven: true},
		{addr: "127.0.0.1", says: "127.0.0.1", text: "127.0.0.1", unproven: true},
		{addr: "203.0.113.7", id: id, says: id.Short(), text: id.String(), bounded: true},
		{addr: "::1", id: id, says: id.Short(), text: id.String(), bounded: true},
	} {
		origin := roles.OriginOf(netip.MustParseAddr(c.addr), c.id)
		if origin.String() != c.says || origin.Bounded() != c.bounded || origin.ID.IsZero() != c.unproven {
			t.Errorf("%+v says %s, and is bounded: %v", c, origin, origin.Bounded())
		}
		text, err := json.Marshal(origin)
		if err != nil || string(text) != `"`+c.text+`"` {
			t.Errorf("%+v is written as %s: %v", c, text, err)
		}
		again := roles.Origin{ID: protocol.PeerID{1}, Host: roles.HostOf(netip.MustParseAddr("192.0.2.1"))}
		if err := json.Unmarshal(text, &again); err != nil || again != origin {
			t.Errorf("%s is read as %+v: %v", text, again, err)
		}
	}
	for _, bad := range []string{"", "nobody", "::/0", "203.0.113.7/24", id.Short()} {
		if err := new(roles.Origin).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is an origin", bad)
		}
	}
}
