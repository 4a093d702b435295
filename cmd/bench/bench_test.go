package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// little is so little of everything that all measures together take some seconds.
func little(t *testing.T) options {
	return options{
		size: 5 << 20, large: 9 << 20, sparse: 40 << 20, far: 5 << 20, each: 1 << 20, trip: 10 * time.Millisecond, load: 200 * time.Millisecond,
		files: 50, smaller: 60, clients: 5, players: 3, shared: 1200, huge: 1100, listed: 2500, names: 2000, runs: 1,
		out: filepath.Join(t.TempDir(), "table.md"), alone: true,
	}
}

// TestEachMeasureGivesRows measures everything there is of ours, with little of each.
func TestEachMeasureGivesRows(t *testing.T) {
	o := little(t)
	d := dirs{quick: t.TempDir(), disk: t.TempDir()}
	if err := build(context.Background(), d.programs(), false); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if err := measureAll(context.Background(), newLab(o, d, false, &log), nil); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	table, err := os.ReadFile(o.out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| fetch of 5 MiB to a file ", bareWay, "| CPU of that, node and client together |",
		"| fetch of 5 MiB at a round trip of 10ms, 1 Gbit/s, one node |", "| fetch of 5 MiB at a round trip of 10ms, without a rate limit, four nodes |",
		"| round trips until the first verified byte of 8 MiB (", "| round trips until a file of 16 KiB is in its place (",
		"| round trips until peer-client that fetched it has ended (",
		"| 5 clients that fetch 1 MiB each from one node", "| the fastest of them by the slowest, in time |",
		"| 50 files of 4 KiB into a folder ", "| 60 files of 1 KiB into a folder ",
		"| first byte of 40 MiB that are indexed", "| second start of a node over 1,200 files, to ready |",
		"| second start of a node over 1,100 files, to ready |", "| --list of 2,500 names |",
		"| the first page of a relay with 50 nodes and 2,500 names |", "| a search for a file that is not there of a relay ", "| the largest of these pages |",
		"| LOCATE by name among 2,000 entries, asked and answered over a kept link |", "| the same in the registry alone, 2,000 entries |",
		"| an index entry in the relay's memory",
		"| fetch of 5 MiB over TLS to a file ", "| 50 files of 4 KiB over TLS into a folder ",
		"| LOCATE of 50 nodes over TLS, a link each |", "| a TLS link that rests, of the server's memory |", "| registration over TLS with the proof of its address, median |",
		"| fetch of 5 MiB through the relay to a file ", "| directly: ", "| CPU of the relay for that |",
		"| round trips between client and node through the relay, from LOCATED to the first verified byte of 8 MiB |",
		"| an open circuit that rests, of 10, of the relay's descriptors | 2 |", "| 50 links on which nodes wait, each of the relay's memory |",
		"| from CIRCUIT to its node's AWAITED among them, median |", "| 5 circuits at once, one of them greedy: of its fair share ",
		"| the renewals of 100,000 leases, each after ", "| of these, nodes that are not proven after their next renewal |",
	} {
		if !strings.Contains(string(table), want) {
			t.Errorf("there is no %q in\n%s", want, table)
		}
	}
	for _, dir := range []string{d.quick, d.disk} {
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range left {
			if name := entry.Name(); name != "bin" && !strings.HasSuffix(name, ".index") {
				t.Errorf("%s was left behind", name)
			}
		}
	}
}

func TestTheFoldersAreRemovedWhenItIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	o := little(t)
	o.only, o.dir, o.diskDir = pattern{regexp.MustCompile("fetch")}, t.TempDir(), t.TempDir()
	if err := run(ctx, o, nil, nil, &bytes.Buffer{}); err == nil {
		t.Error("what was interrupted has ended well")
	}
	for _, dir := range []string{o.dir, o.diskDir} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v was left behind, %v", left, err)
		}
	}
}
