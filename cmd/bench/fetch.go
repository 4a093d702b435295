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
	s, err := finish(ctx, b.curl, append(b.web.curlFlags(), "-sSf", "-o", b.target, b.web.url("large"))...)
	s.cpu += also()
	return s, err
}

func (b *bulk) bare(ctx context.Context) (sample, error) { return bareCopy(ctx, b.source, b.target) }

// synced is a copy by curl that a power cut can't take back, as ours is once peer-client has ended.
func (b *bulk) synced(ctx context.Context) (sample, error) {
	s, err := b.nginx(ctx)
	if err != nil {
		return s, err
	}
	more, err := finish(ctx, "sync", b.target)
	s.took += more.took
	s.cpu += more.cpu
	return s, err
}

// The ways to fetch one file that are not ours.
const (
	curlAlone  = "nginx + curl"
	curlSynced = "nginx + curl, then sync"
	bareWay    = "bare sendfile and splice"
)

// measureFetch is about time and CPU of one large file.
func measureFetch(ctx context.Context, l *lab) (rows []row, err error) {
	for _, control := range l.controls {
		more, err := l.fetchTo(ctx, l.memory(), control, control == l.calm())
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// measureDisk is about a copy of it that is on a disk.
func measureDisk(ctx context.Context, l *lab) (rows []row, err error) {
	p, is := l.onDisk(int64(l.size))
	if !is {
		return nil, nil
	}
	for _, control := range l.controls {
		more, err := l.fetchTo(ctx, p, control, false)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// fetchTo measures one place and one congestion control; on request also the limit of what can be done here, CPU time
// and memory.
func (l *lab) fetchTo(ctx context.Context, p place, control string, also bool) (rows []row, err error) {
	if err := l.under(control); err != nil {
		return nil, err
	}
	b, err := l.startBulk(ctx, int64(l.size), p.dir, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	ways := []way{{"peer-client", b.ours}}
	if b.web != nil {
		ways = append(ways, way{curlAlone, b.nginx})
		if p.disk {
			ways = append(ways, way{curlSynced, b.synced})
		}
	}
	if also {
		ways = append(ways, way{bareWay, b.bare})
	}
	samples, err := l.turns(ctx, b.bytes, func() error { return p.settled(b.target) }, ways...)
	if err != nil {
		return nil, err
	}
	what := "fetch of " + l.size.String() + " to a file " + p.name + ", verified, one node, " + control
	speed := func(s []sample) float64 { return rate(s, float64(b.bytes)/mebibyte) }
	counts := control == plain
	if p.disk {
		counts = control == l.controls[0] // the system's
	}
	for i, w := range ways[1:] {
		rows = append(rows, row{what, speed(samples[0]), "MiB/s", w.name + ", not verified", speed(samples[i+1]), fetchBar(w.name, p.disk, counts)})
	}
	if len(ways) == 1 {
		rows = append(rows, row{what: what, ours: speed(samples[0]), unit: "MiB/s"})
	}
	if also {
		rows = append(rows, b.costRow(ways, samples))
		rows = append(rows, memoryRows(l.size.String(), peakMemory(b.crew.node.Process.Pid), peakOf(samples[0]))...)
	}
	return rows, nil
}

// fetchBar is for our speed by another way's, where the congestion control is the one that counts: in memory the plain one,
// and on a disk the system's.
func fetchBar(rival string, disk, counts bool) bar {
	switch {
	case rival == bareWay:
		return bar{least: 0.65}
	case !counts:
		return bar{}
	case rival == curlSynced:
		return bar{least: 1.9}
	case disk:
		return bar{least: 1.2}
	}
	return bar{least: 1.15}
}

// costRow is about the CPU time of both ends.
func (b *bulk) costRow(ways []way, samples [][]sample) row {
	perGiB := func(s []sample) float64 { return cpuOf(s) * (1 << 30) / float64(b.bytes) }
	r := row{what: "CPU of that, node and client together", ours: perGiB(samples[0]), unit: "s/GiB"}
	if b.web != nil {
		r.rival, r.theirs, r.bar = ways[1].name, perGiB(samples[1]), bar{most: 1.3}
	}
	return r
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
	b, err := l.startBulk(ctx, int64(l.large), l.memory().dir, false)
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
