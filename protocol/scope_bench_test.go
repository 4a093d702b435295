package protocol_test

import (
	"net/netip"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
)

// BenchmarkMeansTo is asked for each node of each answer to LOCATE.
func BenchmarkMeansTo(b *testing.B) {
	for name, pair := range map[string][2]string{"IPv4": {"10.1.2.3", "10.9.8.7"}, "IPv6": {"2a00::1", "2a00::2"}} {
		b.Run(name, func(b *testing.B) {
			addr, peer := netip.MustParseAddr(pair[0]), netip.MustParseAddr(pair[1])
			for b.Loop() {
				protocol.MeansTo(addr, peer)
			}
		})
	}
}
