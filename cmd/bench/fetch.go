package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

const mebibyte = 1 << 20

// bulk is one large file that is shared in all ways that are here, and where its copies go.
type bulk struct {
	bytes  int64
	source string
	target string
	crew   *crew
	curl   string
	web    *web // nil: no nginx and curl
}

// startBulk makes the file and starts who serves it. Its copies go to a folder.
func (l *lab) startBulk(ctx context.Context, bytes int64, folder string, rivals bool) (*bulk, error) {
	share, err := l.scratch("large")
	if err != nil {
		return nil, err
	}
	b := &bulk{bytes: bytes, source: filepath.Join(share, "large"), target: filepath.Join(folder, "copy")}
	if err := makeFile(b.source, bytes, 1); err != nil {
		return nil, err
	}
	if b.crew, err = l.startCrew(ctx, share, 1); err != nil {
		return nil, err
	}
	if rivals {
		b.curl = l.find("curl")
	}
	if b.curl != "" {
		if b.web, err = l.startWeb(ctx, share); err != nil {
			return nil, errors.Join(err, b.stop())
		}
	}
	return b, nil
}

// stop ends what serves, and removes the files.
func (b *bulk) stop() error {
	err := b.crew.stop()
	if b.web != nil {
		err = errors.Join(err, b.web.stop())
	}
	return errors.Join(err, b.clear(), os.RemoveAll(filepath.Dir(b.source)))
}

// clear removes the copy. Each way makes its own.
func (b *bulk) clear() error { return os.RemoveAll(b.target) }

func (b *bulk) ours(ctx context.Context) (sample, error) {
	s, err := b.crew.fetch(ctx, b.target, "--sources", "1", "large")
	if err == nil {
		err = sameFile(b.source, b.target)
	}
	return s, err
}

func (b *bulk) nginx(ctx context.Context) (sample, error) {
	also := spent(b.web.server)
	s, err := finish(ctx, b.curl, "-sSf", "-o", b.target, b.web.url("large"))
	s.cpu += also()
	return s, err
}

func (b *bulk) bare(ctx context.Context) (sample, error) { return bareCopy(ctx, b.source, b.target) }

// measureFetch is about time and CPU of one large file.
func measureFetch(ctx context.Context, l *lab) (rows []row, err error) {
	b, err := l.startBulk(ctx, int64(l.size), l.quick, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	ways := []way{{"peer-client", b.ours}, {"bare", b.bare}}
	if b.web != nil {
		ways = append(ways, way{"nginx + curl", b.nginx})
	}
	samples, err := l.turns(ctx, b.bytes, b.clear, ways...)
	if err != nil {
		return nil, err
	}
	speed := func(s []sample) float64 { return rate(s, float64(b.bytes)/mebibyte) }
	perGiB := func(s []sample) float64 { return cpuOf(s) * (1 << 30) / float64(b.bytes) }
	what := "fetch of " + l.size.String() + " to a file, verified, one node"
	if b.web != nil {
		rows = append(rows,
			row{what, speed(samples[0]), "MiB/s", "nginx + curl -o, not verified", speed(samples[2]), bar{least: 1.1}},
			row{"CPU of that, node and client together", perGiB(samples[0]), "s/GiB", "nginx + curl", perGiB(samples[2]), bar{most: 1.3}})
	} else {
		rows = append(rows, row{what: "CPU of a fetch, node and client together", ours: perGiB(samples[0]), unit: "s/GiB"})
	}
	rows = append(rows, row{what, speed(samples[0]), "MiB/s", "bare sendfile and splice, not verified", speed(samples[1]), bar{least: 0.65}})
	return append(rows, memoryRows(l.size.String(), peakMemory(b.crew.node.Process.Pid), peakOf(samples[0]))...), nil
}

func memoryRows(size string, node, client int64) (rows []row) {
	for _, r := range []struct {
		who   string
		bytes int64
	}{{"node", node}, {"client", client}} {
		if r.bytes > 0 {
			rows = append(rows, row{what: "peak memory of the " + r.who + ", " + size, ours: float64(r.bytes) / mebibyte, unit: "MiB", bar: bar{most: 64}})
		}
	}
	return rows
}

// measureMemory fetches a larger file, once.
func measureMemory(ctx context.Context, l *lab) (rows []row, err error) {
	if l.large == 0 {
		return nil, nil
	}
	b, err := l.startBulk(ctx, int64(l.large), l.quick, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	s, err := b.ours(ctx)
	if err != nil {
		return nil, err
	}
	return memoryRows(l.large.String(), peakMemory(b.crew.node.Process.Pid), s.peak), nil
}

// measureDisk is about a copy that a power cut can't take back: peer-client ends when it has that; curl's comes with a
// sync of the file behind it.
func measureDisk(ctx context.Context, l *lab) (rows []row, err error) {
	if !l.inMemory() {
		return nil, nil // then fetch has said it
	}
	b, err := l.startBulk(ctx, int64(l.size), l.disk, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	if b.web == nil {
		return nil, nil
	}
	safe := func(ctx context.Context) (sample, error) {
		s, err := b.nginx(ctx)
		if err != nil {
			return s, err
		}
		more, err := finish(ctx, "sync", b.target)
		s.took += more.took
		return s, err
	}
	samples, err := l.turns(ctx, b.bytes, b.clear, way{"peer-client", b.ours}, way{"nginx + curl + sync", safe})
	if err != nil {
		return nil, err
	}
	speed := func(s []sample) float64 { return rate(s, float64(b.bytes)/mebibyte) }
	return []row{{"the same to a disk, until it is safe there", speed(samples[0]), "MiB/s", "nginx + curl -o, then sync", speed(samples[1]), bar{}}}, nil
}
