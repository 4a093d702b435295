package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// measureGateway is about what comes through peer-client serve, beside what peer-client fetches from the same node.
func measureGateway(ctx context.Context, l *lab) (rows []row, err error) {
	defer func() { l.overTLS = false }()
	for _, secure := range []bool{false, true} {
		l.overTLS = secure
		more, err := l.throughGateway(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	l.overTLS = false
	more, err := l.pagesOfMany(ctx)
	return append(rows, more...), err
}

// gateway is a peer-client that serves what a crew shares.
type gateway struct {
	*server
	url    string
	client *http.Client
}

// startGateway starts a gateway to a crew's relay.
func (c *crew) startGateway(ctx context.Context) (*gateway, error) {
	args := append(c.lab.speaking(), "serve", "--http", "127.0.0.1:0", "--log-level", "warn", c.host, c.port)
	s, url, err := serve(ctx, "ready ", c.lab.program("peer-client"), args...)
	if err != nil {
		return nil, err
	}
	return &gateway{s, url, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: c.lab.players, ReadBufferSize: 1 << 18}}}, nil
}

func (g *gateway) stop() error {
	g.client.CloseIdleConnections()
	return g.server.stop()
}

// got is what a request brought.
type got struct {
	code         int
	bytes        int64
	first, whole time.Duration // until the first byte, and the last
}

// get gets a path, and a range of what is there if it is not empty.
func (g *gateway) get(ctx context.Context, path, span string) (is got, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+path, nil)
	if err != nil {
		return is, err
	}
	if span != "" {
		request.Header.Set("Range", "bytes="+span)
	}
	begin := time.Now()
	response, err := g.client.Do(request)
	if err != nil {
		return is, err
	}
	defer response.Body.Close()
	is.code = response.StatusCode
	buffer := make([]byte, 1<<18)
	n, err := io.ReadAtLeast(response.Body, buffer, 1)
	is.first = time.Since(begin)
	if err != nil {
		return is, fmt.Errorf("%s: status %d: %w", path, is.code, err)
	}
	more, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{response.Body}, buffer)
	is.bytes, is.whole = int64(n)+more, time.Since(begin)
	if err == nil && is.code/100 != 2 {
		err = fmt.Errorf("%s: status %d", path, is.code)
	}
	return is, err
}

// discard gets a path and has the system throw away what comes, of a size that is known: it costs hardly anything, as what
// peer-client writes to /dev/null.
func (g *gateway) discard(ctx context.Context, path string, size int64) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimSuffix(strings.TrimPrefix(g.url, "http://"), "/"))
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	if _, err := fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path); err != nil {
		return err
	}
	head := bufio.NewReaderSize(conn, 4<<10)
	response, err := http.ReadResponse(head, nil)
	if err != nil {
		return err
	}
	begun := int64(head.Buffered())
	rest, err := null.ReadFrom(conn)
	if err == nil && (response.StatusCode != http.StatusOK || begun+rest != size) {
		err = fmt.Errorf("status %d, %d bytes", response.StatusCode, begun+rest)
	}
	return err
}

// throughGateway measures one large file, seeks in it, and many who do that at once.
func (l *lab) throughGateway(ctx context.Context) (rows []row, err error) {
	share, err := l.scratch("large")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(share)
	if err := errors.Join(makeFile(filepath.Join(share, "large"), int64(l.size), 1), makeMany(share, seekFiles, seekFile, seekFiles)); err != nil {
		return nil, err
	}
	c, err := l.startCrew(ctx, share, 1+seekFiles)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	g, err := c.startGateway(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	fetched, err := l.gatewayFetch(ctx, c, g)
	if err != nil {
		return nil, err
	}
	seeks, err := l.gatewaySeeks(ctx, g)
	if err != nil {
		return nil, err
	}
	players, err := l.gatewayPlayers(ctx, g)
	return append(append(fetched, seeks...), players...), err
}

// through says how the programs speak.
func (l *lab) through() string {
	if l.overTLS {
		return "over TLS"
	}
	return "in plain"
}

// gatewayFetch measures a large file.
func (l *lab) gatewayFetch(ctx context.Context, c *crew, g *gateway) ([]row, error) {
	const fetch = "peer-client -o /dev/null"
	samples, err := l.turns(ctx, 0, func() error { return nil }, way{"gateway", func(ctx context.Context) (sample, error) {
		node, between := spent(c.node), spent(g.server)
		begin := time.Now()
		err := g.discard(ctx, "files/large", int64(l.size))
		return sample{took: time.Since(begin), cpu: node() + between()}, err
	}}, way{fetch, func(ctx context.Context) (sample, error) { return c.fetch(ctx, "/dev/null", "--sources", "1", "large") }})
	if err != nil {
		return nil, err
	}
	speed := func(s []sample) float64 { return rate(s, float64(l.size)/mebibyte) }
	perGiB := func(s []sample) float64 { return cpuOf(s) * (1 << 30) / float64(l.size) }
	return []row{
		{"GET of " + l.size.String() + " through a gateway, one node, " + l.through(), speed(samples[0]), "MiB/s", fetch, speed(samples[1]), bar{least: 0.7}},
		{"CPU of that, node and gateway, without who reads", perGiB(samples[0]), "s/GiB", fetch, perGiB(samples[1]), bar{}},
	}, nil
}

const (
	seekFiles = 50      // that are opened by a range, each once
	seekFile  = 3 << 20 // bytes of each
	seeks     = 200     // in a file that is open

	playerSeeks  = 20
	playerReads  = 8 << 20 // bytes behind each seek
	mostOfSeek   = 10.0    // milliseconds
	mostOfMemory = 512.0   // MiB
)

// gatewaySeeks measures how long the first byte of a range takes: of a file that nobody has open, with the round trips to
// relay and node, and of one that is open.
func (l *lab) gatewaySeeks(ctx context.Context, g *gateway) ([]row, error) {
	var cold, warm []float64
	for i := range seekFiles {
		is, err := g.get(ctx, "files/"+manyName(i, seekFiles), fmt.Sprintf("%d-%d", seekFile-5000, seekFile-4000))
		if err != nil {
			return nil, err
		}
		cold = append(cold, milliseconds(is.first))
	}
	for i := range seeks {
		from := int64(i) * 7919 * 4099 % (int64(l.size) - 1000)
		is, err := g.get(ctx, "files/large", fmt.Sprintf("%d-%d", from, from+999))
		if err != nil {
			return nil, err
		}
		warm = append(warm, milliseconds(is.first))
	}
	return []row{
		{what: "first byte of a range, the file not open, " + l.through(), ours: median(cold), unit: "ms", bar: bar{most: mostOfSeek}},
		{what: "first byte of a range, the file open, " + l.through(), ours: median(warm), unit: "ms", bar: bar{most: mostOfSeek}},
	}, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// gatewayPlayers measures the memory of a gateway at which many play one film and seek in it.
func (l *lab) gatewayPlayers(ctx context.Context, g *gateway) ([]row, error) {
	peaks := make([]int64, 3) // the first is for what all take once
	for round := range peaks {
		resident := watchResident(g.Process.Pid)
		played := make(chan error, l.players)
		for p := range l.players {
			go func() { played <- l.play(ctx, g, int64(round*l.players+p)) }()
		}
		var err error
		for range l.players {
			err = errors.Join(err, <-played)
		}
		if peaks[round] = resident(); err != nil {
			return nil, err
		}
	}
	what := fmt.Sprintf("memory of a gateway with %d players, %s", l.players, l.through())
	return []row{
		{what: what, ours: float64(peaks[1]) / mebibyte, unit: "MiB", bar: bar{most: mostOfMemory}},
		{what + ", as long again", float64(peaks[2]) / mebibyte, "MiB", "before", float64(peaks[1]) / mebibyte, bar{most: 1.2}},
	}, nil
}

// play reads here and there in the large file.
func (l *lab) play(ctx context.Context, g *gateway, seed int64) error {
	reads := min(playerReads, int64(l.size))
	for i := range int64(playerSeeks) {
		from := (seed*104729 + i*15485863) * 4099 % (int64(l.size) - reads + 1)
		if is, err := g.get(ctx, "files/large", fmt.Sprintf("%d-%d", from, from+reads-1)); err != nil {
			return err
		} else if is.bytes != reads {
			return fmt.Errorf("a player got %d bytes of %d", is.bytes, reads)
		}
	}
	return nil
}

// pagesOfMany measures the pages of a gateway where very many names are listed.
func (l *lab) pagesOfMany(ctx context.Context) (rows []row, err error) {
	c, err := l.startRelay(ctx, "--ttl", "1h")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := c.publishListed(ctx); err != nil {
		return nil, err
	}
	g, err := c.startGateway(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	var slowest, largest float64
	for _, path := range []string{"", "files/folder-001/?sort=size", "search?q=file+99", "search?q=no+such+name", "search?q=*99.bin"} {
		if _, err := g.get(ctx, path, ""); err != nil { // the list is there
			return nil, err
		}
		var took []float64
		for range l.runs {
			is, err := g.get(ctx, path, "")
			if err != nil {
				return nil, err
			}
			took, largest = append(took, milliseconds(is.whole)), max(largest, float64(is.bytes)/mebibyte)
		}
		fmt.Fprintf(l.log, "  /%s: %.1f ms\n", path, median(took))
		slowest = max(slowest, median(took))
	}
	what := fmt.Sprintf("page of a gateway to %s names, ", number(float64(l.listed)))
	return []row{
		{what: what + "the slowest kind", ours: slowest, unit: "ms", bar: bar{most: 300}},
		{what: what + "the largest kind", ours: largest, unit: "MiB", bar: bar{most: 1}},
		{what: "memory of that gateway", ours: float64(residentMemory(g.Process.Pid)) / mebibyte, unit: "MiB"},
	}, nil
}
