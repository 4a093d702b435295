package transport_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// BenchmarkSmall fetches many small files into a folder, and writes as many of that size to another.
func BenchmarkSmall(b *testing.B) {
	const files, size = 10_000, 4 << 10
	shared := b.TempDir()
	offers, names := make([]client.Offer, files), make([]string, files)
	text := make([]byte, size)
	for i := range files {
		copy(text, fmt.Sprint(i))
		names[i] = fmt.Sprintf("f%05d", i)
		offers[i] = client.Offer{Name: names[i], Identity: client.Identity{Hash: newFile(string(text)).hash, Size: size}}
		if err := os.WriteFile(filepath.Join(shared, names[i]), text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	share, err := share.Open(shared, share.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer share.Close()
	if err := share.Indexed(context.Background()); err != nil {
		b.Fatal(err)
	}
	plain, over := newWorld(b, plainTCP{}, 0), newWorld(b, overTLS(plainTCP{}), 0)
	fetches := func(w *world) func() float64 {
		node := w.node(share)
		held := slices.Clone(offers)
		for i := range held {
			held[i].Count, held[i].Holders = 1, []client.Node{node}
		}
		c := &peer.Client{Network: w.network, Relay: w.relay.String()}
		return func() float64 { return fetchAll(b, c, held) }
	}
	inPlain, overTLS := fetches(plain), fetches(over)
	writes := func() float64 { return writeAll(b, names, text) }
	defer plain.end()
	defer over.end()
	b.Run("plain beside files written", func(b *testing.B) { compareMany(b, files, inPlain, writes) })
	b.Run("TLS beside plain", func(b *testing.B) { compareMany(b, files, overTLS, inPlain) })
}

// compareMany reports how many files a second two ways make, and what they cost.
func compareMany(b *testing.B, files float64, ours, theirs func() (seconds float64)) {
	var figures, cost pair
	for b.Loop() {
		begin := spent()
		figures.ours = append(figures.ours, files/ours())
		cost.ours = append(cost.ours, (spent()-begin)/files*1e6)
		begin = spent()
		figures.bare = append(figures.bare, files/theirs())
		cost.bare = append(cost.bare, (spent()-begin)/files*1e6)
	}
	figures.report(b, "files/s")
	b.ReportMetric(median(cost.ours), "cpu-us/file")
	b.ReportMetric(median(cost.bare), "bare-cpu-us/file")
}

// fetchAll returns the seconds that it takes.
func fetchAll(b *testing.B, c *peer.Client, offers []client.Offer) float64 {
	root, err := os.OpenRoot(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	begin := time.Now()
	if err := c.FetchAll(b.Context(), peer.AllRequest{Offers: offers}, root).Err(); err != nil {
		b.Fatal(err)
	}
	return time.Since(begin).Seconds()
}

// writeAll writes the files by plain means, and returns the seconds that it takes.
func writeAll(b *testing.B, names []string, text []byte) float64 {
	folder := b.TempDir()
	begin := time.Now()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begin).Seconds()
}
