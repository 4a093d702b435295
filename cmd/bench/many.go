package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	smallFile   = 4 << 10
	smallerFile = 1 << 10
	manyFolder  = 1000 // files in each sub-folder
)

// many is a folder of small files, which go into another.
type many struct {
	files, bytes int
	size         string
	from, to     string
	bar          bar // for rsync's daemon
	curl         bool
}

// measureMany is about many small files: all that is in a folder, into another.
func measureMany(ctx context.Context, l *lab) (rows []row, err error) {
	for _, m := range []many{
		{files: l.files, bytes: smallFile, size: "4 KiB", bar: bar{least: 1.5}},
		{files: l.smaller, bytes: smallerFile, size: "1 KiB", bar: bar{least: 1.2}},
	} {
		for _, p := range l.places(int64(m.files) * 8 << 10) {
			m.to, m.curl = filepath.Join(p.dir, "copies"), !p.disk && m.bytes == smallFile
			more, err := l.fetchMany(ctx, m, p)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	}
	return rows, nil
}

// fetchMany measures one place.
func (l *lab) fetchMany(ctx context.Context, m many, p place) (rows []row, err error) {
	if m.from, err = l.scratch("many"); err != nil {
		return nil, err
	}
	if err := makeMany(m.from, m.files, m.bytes, manyFolder); err != nil {
		return nil, err
	}
	c, err := l.startCrew(ctx, m.from, m.files)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop(), os.RemoveAll(m.from), os.RemoveAll(m.to)) }()
	ours := func(ctx context.Context) (sample, error) { return c.fetch(ctx, m.to+"/", "**") }
	ways := []way{{"peer-client", m.checked(ours)}}
	more, stop, err := l.manyRivals(ctx, m, p)
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return nil, err
	}
	ready := func() error { return errors.Join(p.settled(m.to), os.MkdirAll(m.to, 0o755)) }
	samples, err := l.turns(ctx, 4*int64(m.files)*smallFile, ready, append(ways, more...)...)
	if err != nil {
		return nil, err
	}
	return m.rows(p, more, samples), nil
}

// rows compares the first samples, ours, with the others.
func (m *many) rows(p place, rivals []way, samples [][]sample) (rows []row) {
	what := fmt.Sprintf("%s files of %s into a folder %s", number(float64(m.files)), m.size, p.name)
	speed := func(i int) float64 { return rate(samples[i], float64(m.files)) }
	if len(rivals) == 0 {
		return []row{{what: what, ours: speed(0), unit: "files/s"}}
	}
	for i, w := range rivals {
		r := row{what: what, ours: speed(0), unit: "files/s", rival: w.name, theirs: speed(i + 1)}
		switch w.name {
		case rsyncDaemon:
			r.bar = m.bar
		case curlKept:
			r.bar = bar{least: 5}
		}
		rows = append(rows, r)
	}
	return rows
}

// checked is a way that fails if not all came as they are.
func (m *many) checked(once func(context.Context) (sample, error)) func(context.Context) (sample, error) {
	return func(ctx context.Context) (sample, error) {
		s, err := once(ctx)
		if err == nil {
			err = sameMany(m.from, m.to, m.files, manyFolder)
		}
		return s, err
	}
}

// The ways of others.
const (
	rsyncDaemon = "rsync's daemon"
	rsyncSynced = "rsync's daemon, then sync"
	curlKept    = "nginx + curl, connection kept"
	curlMany    = "nginx + curl --parallel"
)

// manyRivals returns the ways of others that are here, and how to end who serves them.
func (l *lab) manyRivals(ctx context.Context, m many, p place) (ways []way, stop func() error, err error) {
	var servers []*server
	stop = func() (err error) {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
		return err
	}
	add := func(name string, once func(context.Context) (sample, error)) {
		ways = append(ways, way{name, m.checked(once)})
	}
	module, err := l.startModule(ctx, m.from)
	if err != nil {
		return nil, stop, err
	}
	if module != nil {
		servers = append(servers, module.server)
		copied := func(ctx context.Context) (sample, error) {
			return finish(ctx, module.program, "-r", "--whole-file", module.url, m.to+"/")
		}
		add(rsyncDaemon, copied)
		if p.disk {
			add(rsyncSynced, thenSynced(copied, p))
		}
	}
	if !m.curl {
		return ways, stop, nil
	}
	curl := l.find("curl")
	if curl == "" {
		return ways, stop, nil
	}
	web, err := l.startWeb(ctx, m.from)
	if err != nil || web == nil {
		return ways, stop, err
	}
	servers = append(servers, web.server)
	list := filepath.Join(l.quick, "nginx", "urls")
	if err := m.writeURLs(list, web); err != nil {
		return nil, stop, err
	}
	add(curlKept, func(ctx context.Context) (sample, error) {
		return finish(ctx, curl, "-sSf", "--create-dirs", "-K", list)
	})
	add(curlMany, func(ctx context.Context) (sample, error) {
		return finish(ctx, curl, "-sSf", "--create-dirs", "--parallel", "--parallel-max", "16", "-K", list)
	})
	return ways, stop, nil
}

// thenSynced is a way that ends once all is on the disk.
func thenSynced(once func(context.Context) (sample, error), p place) func(context.Context) (sample, error) {
	return func(ctx context.Context) (sample, error) {
		s, err := once(ctx)
		begin := time.Now()
		err = errors.Join(err, syncFileSystem(p.dir))
		s.took += time.Since(begin)
		return s, err
	}
}

// writeURLs writes a configuration for curl that fetches the many files over one connection.
func (m *many) writeURLs(path string, from *web) error {
	var b strings.Builder
	for i := range m.files {
		name := manyName(i, manyFolder)
		fmt.Fprintf(&b, "url = %q\noutput = %q\n", from.url(name), filepath.Join(m.to, name))
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
