package protocol

import "testing"

func TestAnAddressHasOneForm(t *testing.T) {
	for text, want := range map[string]string{
		"Relay.Example.:4000": "relay.example:4000", "relay.example:04000": "relay.example:4000",
		"127.0.0.1:1": "127.0.0.1:1", "127.0.0.1.:1": "127.0.0.1:1", "[::ffff:127.0.0.1]:1": "127.0.0.1:1", "[::FFFF:7f00:1]:1": "127.0.0.1:1",
		"[2001:DB8:0:0::1]:65535": "[2001:db8::1]:65535", "[fe80::1%Eth0]:1": "[fe80::1%Eth0]:1", "[0:0:0:0:0:0:0:1]:1": "[::1]:1",
		"[Localhost]:1": "localhost:1", "bücher.EXAMPLE:1": "bücher.example:1", "xn--bcher-kva.example:1": "xn--bcher-kva.example:1",
	} {
		if got, err := NormalAddress(text); got != want || err != nil {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}
