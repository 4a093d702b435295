package protocol

import (
	"errors"
	"net/netip"
	"testing"
)

func TestAddressesOfNoUse(t *testing.T) {
	for text, useful := range map[string]bool{
		"0.0.0.0": false, "::": false, "255.255.255.255": false, "224.0.0.1": false, "ff02::1": false, "fe80::1": false,
		"::ffff:0.0.0.0": false, "10.0.0.1": true, "127.0.0.1": true, "::1": true, "fd09::1": true, "169.254.1.1": true, "100.64.0.1": true,
	} {
		if err := CheckAddress(netip.MustParseAddr(text)); (err == nil) != useful || err != nil && !errors.Is(err, Denied) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if CheckAddress(netip.Addr{}) == nil {
		t.Error("no address is taken for one")
	}
}
