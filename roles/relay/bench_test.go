package relay_test

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

const million = 1_000_000

// crowd returns a registry with so many leases, and the bytes of memory that each takes.
func crowd(leases int) (*relay.Registry, float64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	registry := relay.NewRegistry(relay.Policy{})
	for i := range leases {
		m := &protocol.Register{Epoch: 1, Port: uint16(1 + i%65535)}
		binary.BigEndian.PutUint64(m.ID[:], uint64(i+1)*0x9e3779b97f4a7c15)
		host := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		registry.Register(roles.Moment{}, host, m)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	return registry, float64(after.HeapAlloc-before.HeapAlloc) / float64(leases)
}

// BenchmarkLocateAmongMillion is one LOCATE answer of 50 nodes, encoded, from a relay with 1,000,000 leases. The
// second figure is the memory of a lease.
func BenchmarkLocateAmongMillion(b *testing.B) {
	registry, bytes := crowd(million)
	buf := make([]byte, 0, 64<<10)
	luck := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		luck = luck*6364136223846793005 + 1442695040888963407
		answer := registry.Locate(roles.Moment{Now: time.Second, Luck: luck}, &protocol.Locate{Limit: 50})
		buf = protocol.Append(buf[:0], answer)
	}
	b.ReportMetric(bytes, "B/lease")
	runtime.KeepAlive(registry)
}

// BenchmarkRenewAmongMillion is one renewal at a relay with 1,000,000 leases.
func BenchmarkRenewAmongMillion(b *testing.B) {
	registry, _ := crowd(million)
	i := 0
	for b.Loop() {
		m := &protocol.Renew{Epoch: 1}
		binary.BigEndian.PutUint64(m.ID[:], uint64(i%million+1)*0x9e3779b97f4a7c15)
		if _, kept := registry.Renew(roles.Moment{Now: time.Second}, m).(*protocol.Renewed); !kept {
			b.Fatal("not renewed")
		}
		i++
	}
}
