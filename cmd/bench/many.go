package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	smallFile  = 4 << 10
	manyFolder = 1000 // files in each sub-folder
)

// measureMany is about many small files: all that is in a folder, into another.
func measureMany(ctx context.Context, l *lab) (rows []row, err error) {
	from, err := l.scratch("many")
	if err != nil {
		return nil, err
	}
	if err := makeMany(from, l.files, smallFile, manyFolder); err != nil {
		return nil, err
	}
	c, err := l.startCrew(ctx, from, l.files)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop(), os.RemoveAll(from)) }()
	to := filepath.Join(l.quick, "copies")
	defer os.RemoveAll(to)
	ours := func(ctx context.Context) (sample, error) { return c.fetch(ctx, to+"/", "**") }
	ways := []way{{"peer-client", checked(ours, from, to, l.files)}}
	more, stop, err := l.manyRivals(ctx, from, to)
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return nil, err
	}
	samples, err := l.turns(ctx, 4*int64(l.files)*smallFile, func() error { return remake(to) }, append(ways, more...)...)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%s files of 4 KiB into a folder", number(float64(l.files)))
	speed := func(i int) float64 { return rate(samples[i], float64(l.files)) }
	if len(more) == 0 {
		return []row{{what: what, ours: speed(0), unit: "files/s"}}, nil
	}
	// The bar is for the rival that is easier to beat.
	easiest := 1
	for i := 2; i < len(samples); i++ {
		if speed(i) < speed(easiest) {
			easiest = i
		}
	}
	for i := 1; i < len(samples); i++ {
		r := row{what: what, ours: speed(0), unit: "files/s", rival: more[i-1].name, theirs: speed(i)}
		if i == easiest {
			r.bar = bar{least: 5}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// checked is a way that fails if not all came as they are.
func checked(once func(context.Context) (sample, error), from, to string, files int) func(context.Context) (sample, error) {
	return func(ctx context.Context) (sample, error) {
		s, err := once(ctx)
		if err == nil {
			err = sameMany(from, to, files, manyFolder)
		}
		return s, err
	}
}

// manyRivals returns the ways of others that are here, and how to end who serves them.
func (l *lab) manyRivals(ctx context.Context, from, to string) (ways []way, stop func() error, err error) {
	var servers []*server
	stop = func() (err error) {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
		return err
	}
	add := func(name string, once func(context.Context) (sample, error)) {
		ways = append(ways, way{name, checked(once, from, to, l.files)})
	}
	module, err := l.startModule(ctx, from)
	if err != nil {
		return nil, stop, err
	}
	if module != nil {
		servers = append(servers, module.server)
		add("rsync's daemon", func(ctx context.Context) (sample, error) {
			return finish(ctx, module.program, "-r", "--whole-file", module.url, to+"/")
		})
	}
	curl := l.find("curl")
	if curl == "" {
		return ways, stop, nil
	}
	web, err := l.startWeb(ctx, from)
	if err != nil || web == nil {
		return ways, stop, err
	}
	servers = append(servers, web.server)
	list := filepath.Join(l.quick, "nginx", "urls")
	if err := l.writeURLs(list, web, to); err != nil {
		return nil, stop, err
	}
	add("nginx + curl, connection kept", func(ctx context.Context) (sample, error) {
		return finish(ctx, curl, "-sSf", "--create-dirs", "-K", list)
	})
	add("nginx + curl --parallel", func(ctx context.Context) (sample, error) {
		return finish(ctx, curl, "-sSf", "--create-dirs", "--parallel", "--parallel-max", "16", "-K", list)
	})
	return ways, stop, nil
}

// writeURLs writes a configuration for curl that fetches the many files over one connection.
func (l *lab) writeURLs(path string, from *web, to string) error {
	var b strings.Builder
	for i := range l.files {
		name := manyName(i, manyFolder)
		fmt.Fprintf(&b, "url = %q\noutput = %q\n", from.url(name), filepath.Join(to, name))
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
