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

// TestEachMeasureGivesRows measures everything there is of ours, with little of each.
func TestEachMeasureGivesRows(t *testing.T) {
	o := options{
		size: 5 << 20, large: 9 << 20, sparse: 40 << 20, files: 50, shared: 1200, names: 20_000, runs: 1, load: time.Second,
		out: filepath.Join(t.TempDir(), "table.md"), alone: true,
	}
	d := dirs{quick: t.TempDir(), disk: t.TempDir()}
	if err := build(context.Background(), d.programs()); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if err := measureAll(context.Background(), o, d, nil, &log); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	table, err := os.ReadFile(o.out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| fetch of 5 MiB to a file, verified, one node |", "bare sendfile and splice", "| CPU of a fetch, node and client together |",
		"| 50 files of 4 KiB into a folder |", "| first byte of 40 MiB that are indexed", "| second start of a node over 1,200 files, to ready |",
		"| LOCATE by name among 20,000 entries, asked and answered over a kept link |", "| the same in the registry alone, 20,000 entries |",
		"| an index entry in the relay's memory",
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
	o := options{size: 1 << 20, files: 1, shared: 1, names: 1, sparse: 1, runs: 1, only: pattern{regexp.MustCompile("fetch")}, dir: t.TempDir(), alone: true}
	if err := run(ctx, o, nil, nil, &bytes.Buffer{}); err == nil {
		t.Error("what was interrupted has ended well")
	}
	if left, err := os.ReadDir(o.dir); err != nil || len(left) > 0 {
		t.Errorf("%v was left behind, %v", left, err)
	}
}
