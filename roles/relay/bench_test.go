package relay_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

const million = 1_000_000

// crowd returns a registry with that many leases, and the bytes of memory that each takes.
func crowd(leases int) (*relay.Registry, float64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	registry := relay.NewRegistry(relay.Policy{})
	for i := range leases {
		m := &protocol.Register{Epoch: 1, Port: uint16(1 + i%65535)}
		binary.BigEndian.PutUint64(m.ID[:], uint64(i+1)*0x9e3779b97f4a7c15)
		host := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		registry.Register(roles.Moment{}, relay.From{Peer: host}, m)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	return registry, float64(after.HeapAlloc-before.HeapAlloc) / float64(leases)
}

// BenchmarkLocateAmongMillion measures one LOCATED of 50 nodes, encoded, from a relay with
// 1,000,000 leases, and the memory of a lease.
func BenchmarkLocateAmongMillion(b *testing.B) {
	registry, bytes := crowd(million)
	buf := make([]byte, 0, 64<<10)
	random := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		random = random*6364136223846793005 + 1442695040888963407
		answer := registry.Locate(roles.Moment{Now: time.Second, Rand: random}, relay.From{}, &protocol.Locate{Limit: 50})
		buf = protocol.Append(buf[:0], answer)
	}
	b.ReportMetric(bytes, "B/lease")
	runtime.KeepAlive(registry)
}

// BenchmarkRenewAmongMillion measures one renewal at a relay with 1,000,000 leases.
func BenchmarkRenewAmongMillion(b *testing.B) {
	registry, _ := crowd(million)
	i := 0
	for b.Loop() {
		m := &protocol.Renew{Epoch: 1}
		binary.BigEndian.PutUint64(m.ID[:], uint64(i%million+1)*0x9e3779b97f4a7c15)
		if _, kept := registry.Renew(roles.Moment{Now: time.Second}, relay.From{Peer: netip.MustParseAddr("192.0.2.1")}, m).(*protocol.Renewed); !kept {
			b.Fatal("not renewed")
		}
		i++
	}
}

func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// filled returns a registry with nameCount names of holders nodes each, where a node publishes
// 1,000 names, and the bytes of memory that an entry takes beyond its name.
func filled(nameCount, holders int) (*relay.Registry, float64) {
	registry := relay.NewRegistry(relay.Policy{MaxIndex: 100_000_000})
	at := roles.Moment{Rand: 11}
	before, nameBytes := heap(), 0
	for base := 0; base < nameCount; base += protocol.MaxPage {
		for holder := range holders {
			id := protocol.PeerID{}
			binary.BigEndian.PutUint64(id[:], uint64(base+1)*0x9e3779b97f4a7c15)
			id[9] = byte(holder)
			registry.Register(at, relay.From{Peer: netip.AddrFrom4([4]byte{10, byte(base >> 16), byte(base >> 8), byte(holder)})}, &protocol.Register{ID: id, Epoch: 1, Port: 1})
			m := &protocol.Publish{ID: id, Epoch: 1, Index: 1, To: protocol.MaxPage, Latest: protocol.MaxPage}
			for i := range protocol.MaxPage {
				e := protocol.Entry{Name: benchName(base + i), Size: 4096, Modified: uint64(1_700_000_000 + i)}
				binary.BigEndian.PutUint64(e.Hash[:], uint64(base+i+1))
				m.Changes = append(m.Changes, e)
				if holder == 0 {
					nameBytes += len(e.Name)
				}
			}
			registry.Publish(at, m)
		}
	}
	return registry, (heap() - before - float64(nameBytes)) / float64(registry.Held())
}

func benchName(i int) string { return fmt.Sprintf("folder-%03d/file-%07d.bin", i%997, i) }

// BenchmarkLocateByName measures one LOCATE of a name, not encoded, among names with one holder
// each, and the memory of an entry beyond its name.
func BenchmarkLocateByName(b *testing.B) {
	for _, count := range []int{10_000, million, 10 * million} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			registry, bytes := filled(count, 1)
			i, found := 0, 0
			b.ResetTimer()
			for b.Loop() {
				i = (i + 7919) % count
				answer := registry.Locate(roles.Moment{Now: time.Second, Rand: uint64(i)}, relay.From{}, &protocol.Locate{Name: benchName(i)})
				found += len(answer.(*protocol.Located).Peers)
			}
			if found != b.N {
				b.Fatalf("%d of %d were found", found, b.N)
			}
			b.ReportMetric(bytes, "B/entry")
		})
	}
}

func TestAnEntryTakesLittleMemory(t *testing.T) {
	for _, holders := range []int{1, 3} {
		registry, bytes := filled(200_000, holders)
		t.Logf("%d holders a name: %.0f bytes an entry beyond its name", holders, bytes)
		if bytes > 124 {
			t.Errorf("%d holders a name: %.0f bytes an entry", holders, bytes)
		}
		runtime.KeepAlive(registry)
	}
}

// published returns a registry with 10,000 nodes that have published 1,000,000 names, some of them many times.
func published(b *testing.B) *relay.Registry {
	const nodes, each = 10_000, 100
	r := relay.NewRegistry(relay.Policy{})
	for n := range nodes {
		id := protocol.PeerID{byte(n), byte(n >> 8), 1}
		from := relay.From{Peer: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), ID: id}
		r.Register(roles.Moment{Rand: 11}, from, &protocol.Register{ID: id, Epoch: 1, Port: uint16(1 + n), Publishes: 1})
		m := &protocol.Publish{ID: id, Epoch: 1, Index: 1, To: each + 1, Latest: each + 1, Changes: []protocol.Entry{{Name: "everywhere", Hash: content(1)}}}
		for i := range each {
			e := protocol.Entry{Name: benchName(n*each + i), Size: 4096}
			binary.BigEndian.PutUint64(e.Hash[:], uint64(n*each+i+1))
			m.Changes = append(m.Changes, e)
		}
		if answer := r.Publish(roles.Moment{Rand: 11}, m); answer.Kind() != protocol.KindPublished {
			b.Fatal(answer)
		}
	}
	return r
}

// BenchmarkOverview measures the pages of an overview of 10,000 nodes and 1,000,000 names, and the longest time for which a
// slice of one holds the lock, of 99 of 100 slices and of all.
func BenchmarkOverview(b *testing.B) {
	r := published(b)
	at := roles.Moment{Now: time.Second, Rand: 1}
	all := func(*relay.Node) bool { return true }
	walkFiles := func(search string, enough int) {
		for cursor, found := []byte(nil), 0; found < enough; {
			page, next := r.Files(at, cursor, enough, relay.NewSearch(search))
			if found += len(page); next == nil {
				return
			}
			cursor = next
		}
	}
	for _, page := range []struct {
		name string
		make func()
	}{
		{"counts", func() { r.Counts(at.Now) }},
		{"nodes/page", func() { r.Nodes(at, nil, 500, all) }},
		{"nodes/none", func() { r.Nodes(at, nil, 500, func(*relay.Node) bool { return false }) }},
		{"files/page", func() { walkFiles("", 500) }},
		{"files/words", func() { walkFiles("FOLDER 0999999", 500) }},
		{"files/pattern", func() { walkFiles("**/*0999999*", 500) }},
		{"holders/page", func() { r.Holders(at, "everywhere", protocol.Hash{}, nil, 500) }},
	} {
		b.Run(page.name, func(b *testing.B) {
			var holds []time.Duration
			r.Measure(func() func(int) {
				begun := time.Now()
				return func(int) { holds = append(holds, time.Since(begun)) }
			})
			defer r.Measure(nil)
			for b.Loop() {
				page.make()
			}
			slices.Sort(holds)
			b.ReportMetric(float64(holds[len(holds)*99/100].Microseconds()), "µs-hold-p99")
			b.ReportMetric(float64(holds[len(holds)-1].Microseconds()), "µs-hold-max")
		})
	}
}
