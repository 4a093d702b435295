package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// crowd is what a run of many clients at once took.
type crowd struct {
	sample
	fair float64 // the time of the fastest client by that of the slowest
}

// measureCrowd is about many clients that fetch one file from one node, all at once.
func measureCrowd(ctx context.Context, l *lab) (rows []row, err error) {
	copies := l.memory()
	all := int64(l.clients) * int64(l.each)
	if all > freeOn(copies.dir)/2 {
		l.note("there is no room for %d copies of %s: many clients at once were left out", l.clients, l.each.String())
		return nil, nil
	}
	b, err := l.startBulk(ctx, int64(l.each), copies.dir, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	fair := make(map[string][]float64)
	b.target = filepath.Join(copies.dir, "copies")
	ready := func() error { return errors.Join(copies.settled(b.target), os.MkdirAll(b.target, 0o755)) }
	crowded := func(name string, server *server, command func(target string) []string) way {
		return way{name, func(ctx context.Context) (sample, error) {
			c, err := b.atOnce(ctx, l.clients, server, command)
			fair[name] = append(fair[name], c.fair)
			return c.sample, err
		}}
	}
	ways := []way{crowded("peer-client", b.crew.node, func(target string) []string {
		return []string{l.program("peer-client"), "--log-level", "warn", "-o", target, b.crew.host, b.crew.port, "large"}
	})}
	if b.web != nil {
		ways = append(ways, crowded(curlAlone, b.web.server, func(target string) []string {
			return []string{b.curl, "-sSf", "-o", target, b.web.url("large")}
		}))
	}
	samples, err := l.turns(ctx, all, ready, ways...)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%d clients that fetch %s each from one node, %s", l.clients, l.each.String(), copies.name)
	speed := func(i int) float64 { return rate(samples[i], float64(all)/mebibyte) }
	sum := row{what: what + ", until the last has it", ours: speed(0), unit: "MiB/s"}
	each := row{what: "the fastest of them by the slowest, in time", ours: median(fair["peer-client"][1:]), bar: bar{least: 0.6}}
	if b.web != nil {
		sum.rival, sum.theirs, sum.bar = curlAlone+", not verified", speed(1), bar{least: 1}
		each.what += fmt.Sprintf(" (nginx + curl: %s)", number(median(fair[curlAlone][1:])))
	}
	return []row{sum, each}, nil
}

// atOnce starts so many clients, and returns when the last has ended. Each has a copy in the target.
func (b *bulk) atOnce(ctx context.Context, clients int, server *server, command func(target string) []string) (c crowd, err error) {
	also := spent(server)
	took, used, failed := make([]time.Duration, clients), make([]time.Duration, clients), make([]error, clients)
	var running sync.WaitGroup
	begin := time.Now()
	for i := range clients {
		running.Go(func() {
			args := command(b.copyOf(i))
			client, stderr := newCommand(ctx, args[0], args[1:]...)
			begin := time.Now()
			if err := client.Run(); err != nil {
				failed[i] = stderr.explain(args[0], err)
				return
			}
			took[i], used[i] = time.Since(begin), client.ProcessState.UserTime()+client.ProcessState.SystemTime()
		})
	}
	running.Wait()
	c.took, c.cpu = time.Since(begin), also()
	for _, u := range used {
		c.cpu += u
	}
	c.fair = float64(slices.Min(took)) / float64(slices.Max(took))
	return c, errors.Join(errors.Join(failed...), b.whole(clients))
}

func (b *bulk) copyOf(client int) string { return filepath.Join(b.target, fmt.Sprint(client)) }

// whole says whether each client's copy has all bytes, and one of them the right ones: more would take longer than the
// fetch.
func (b *bulk) whole(clients int) error {
	for i := range clients {
		info, err := os.Stat(b.copyOf(i))
		if err != nil {
			return err
		}
		if info.Size() != b.bytes {
			return fmt.Errorf("client %d has %d of %d bytes", i, info.Size(), b.bytes)
		}
	}
	return sameFile(b.source, b.copyOf(clients-1))
}
