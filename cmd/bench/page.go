package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

const (
	pageNodes = 10_000 // that the relay of measurePage lists; each has as many of the names
	pageReads = 20     // of each page in a run, of which the middle one counts
)

// measurePage is about the pages on which a relay shows what it is doing, where it has much to show.
func measurePage(ctx context.Context, l *lab) (rows []row, err error) {
	dir, err := os.MkdirTemp("", "page")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "http")
	all := strconv.Itoa(2 * pageNodes)
	c, err := l.startRelay(ctx, "--ttl", "1h", "--max-leases-from", all, "--link-rate-from", all, "--request-rate-from", "1e6", "--http", "unix:"+socket)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	nodes := l.few(pageNodes)
	each := max(1, l.listed/nodes)
	for n := range nodes {
		if err := c.publish(ctx, n*each, each); err != nil {
			return nil, err
		}
	}
	reader := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer reader.CloseIdleConnections()
	among := fmt.Sprintf("of a relay with %s nodes and %s names", number(float64(nodes)), number(float64(nodes*each)))
	largest := 0
	for _, p := range pages {
		samples, err := l.turns(ctx, 0, func() error { return nil }, way{p.about, func(ctx context.Context) (s sample, err error) {
			size := 0
			s.took, size, err = readPages(ctx, reader, p.path)
			largest = max(largest, size)
			return s, err
		}})
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{what: p.about + " " + among, ours: medianSeconds(samples[0]) * 1e3, unit: "ms", bar: bar{most: 300}})
	}
	return append(rows, row{what: "the largest of these pages", ours: float64(largest) / mebibyte, unit: "MiB", bar: bar{most: 1}}), nil
}

// pages are those that are measured, each up to its last byte.
var pages = []struct{ path, about string }{
	{"", "the first page"}, {"nodes", "the page of nodes"}, {"nodes?search=no+such+node", "a search for a node that is not there"},
	{"files", "the page of files"}, {"files?search=file-00000007", "a search for a file"}, {"files?search=no+such+file", "a search for a file that is not there"},
	{"file?name=" + "folder-007/file-00000007.bin", "who has a file"}, {"machines", "the page of machines"},
	{"api/v1/nodes?limit=500", "500 nodes as JSON"}, {"api/v1/files?limit=500", "500 files as JSON"},
}

// readPages reads a page some times, and returns how long the middle one took, and the bytes of the last one.
func readPages(ctx context.Context, reader *http.Client, path string) (took time.Duration, size int, err error) {
	var times []float64
	for range pageReads {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/"+path, nil)
		if err != nil {
			return 0, 0, err
		}
		r.Header.Set("Accept", "text/html")
		begin := time.Now()
		answer, err := reader.Do(r)
		if err != nil {
			return 0, 0, err
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return 0, 0, errors.Join(fmt.Errorf("%s: %s", path, answer.Status), err)
		}
		times, size = append(times, time.Since(begin).Seconds()), len(body)
	}
	return time.Duration(median(times) * float64(time.Second)), size, nil
}
