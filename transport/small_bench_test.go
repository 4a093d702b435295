package transport_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// BenchmarkSmall fetches many small files over one link into a folder, and writes as many of that
// size to another.
func BenchmarkSmall(b *testing.B) {
	const files, size = 10_000, 4 << 10
	shared := b.TempDir()
	wanted, names := make([]client.Wanted, files), make([]string, files)
	text := make([]byte, size)
	for i := range files {
		copy(text, fmt.Sprint(i))
		names[i] = fmt.Sprintf("f%05d", i)
		wanted[i] = client.Wanted{Name: names[i], Hash: newFile(string(text)).hash, Size: size}
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
	w := newWorld(b, plainTCP{}, relay.Policy{}, 0)
	at := w.join(share)
	defer w.end()
	var figures, cost pair
	for b.Loop() {
		begin := spent()
		figures.ours = append(figures.ours, files/fetchAll(b, at.String(), wanted, names))
		cost.ours = append(cost.ours, (spent()-begin)/files*1e6)
		begin = spent()
		figures.bare = append(figures.bare, files/writeAll(b, names, text))
		cost.bare = append(cost.bare, (spent()-begin)/files*1e6)
	}
	figures.report(b, "files/s")
	b.ReportMetric(median(cost.ours), "cpu-us/file")
	b.ReportMetric(median(cost.bare), "bare-cpu-us/file")
}

// fetchAll returns the seconds that it takes.
func fetchAll(b *testing.B, node string, wanted []client.Wanted, names []string) float64 {
	root, err := os.OpenRoot(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	begin := time.Now()
	places := make([][]string, len(names))
	placements := make([]roles.Placement, len(names))
	for i, name := range names {
		places[i], placements[i] = []string{name}, roles.Placement{Item: i, Size: wanted[i].Size}
	}
	batch, err := store.NewBatch(root, places)
	if err != nil {
		b.Fatal(err)
	}
	pipeline := client.NewPipeline(node, wanted)
	(&transport.Loop{Network: transport.TCP{}, Store: batch, Start: begin}).Run(context.Background(), nil, pipeline)
	if tried := pipeline.Result(); tried.Code != 0 || len(pipeline.Left()) > 0 {
		b.Fatalf("%+v", tried)
	}
	if err := batch.Commit(b.Context(), placements...); err != nil {
		b.Fatal(err)
	}
	took := time.Since(begin).Seconds()
	if err := batch.Close(); err != nil {
		b.Fatal(err)
	}
	return took
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
