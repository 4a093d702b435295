//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What a typed path leads to is what the system would write to.
func TestATypedPathIsFollowed(t *testing.T) {
	top := t.TempDir()
	for link, to := range map[string]string{
		"latest": "store/real", "dangling": "store/fresh", "first": "second", "second": filepath.Join(top, "store/real"),
		"in": "store/deep", "store/deep/out": "../up", "loop": "loop", "printed": "/dev/stdout", "third": "/dev/fd/3",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(top, link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(top, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(top, "store/real"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{
		"plain": "plain", "latest": "store/real", "dangling": "store/fresh", "first": "store/real", "store/real": "store/real",
		"in/out": "in/../up", "store": "store",
	} {
		got, descriptor, err := leadsTo(filepath.Join(top, typed))
		if err != nil || descriptor != -1 || got != top+"/"+want {
			t.Errorf("%s leads to %s, %d, %v", typed, got, descriptor, err)
		}
	}
	for typed, want := range map[string]int{
		"/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/1": 1, "/dev/fd/12": 12, "/proc/self/fd/3": 3, "/dev/../dev/stdout": 1,
		top + "/printed": 1, top + "/third": 3,
	} {
		if _, got, err := leadsTo(typed); err != nil || got != want {
			t.Errorf("%s is descriptor %d, %v", typed, got, err)
		}
	}
	if _, _, err := leadsTo(top + "/loop"); err == nil {
		t.Error("a loop of links has an end")
	}
	for _, number := range []int{999, openFile(t, top+"/store/real")} { // the latter we have opened ourselves
		if _, err := inherited(number); err == nil {
			t.Errorf("descriptor %d is taken for one that was inherited", number)
		}
	}
}

func openFile(t *testing.T, path string) int {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return int(file.Fd())
}

// A pipe is waited for until it has a reader, or the user has had enough.
func TestAPipeWithoutAReaderIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := openTarget(ctx, path, 1, &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
		t.Error("it was opened without a reader")
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	to, err := openTarget(t.Context(), path, 1, &bytes.Buffer{}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	to.close()
}

// Zeros take no space in a regular file at whose end it is printed; elsewhere they are written.
func TestPrintedZerosAreHoles(t *testing.T) {
	zeros := make([]byte, 1<<20)
	text := append(append(append([]byte("begin"), zeros...), "end"...), zeros...)
	for what, test := range map[string]struct {
		flags int
		at    int64
		holes bool
	}{
		"an empty file": {0, 0, true}, "at the end": {0, 7, true}, "in the middle": {0, 3, false}, "appending": {os.O_APPEND, 7, false},
	} {
		path := filepath.Join(t.TempDir(), "file")
		before := []byte("before.")[:max(0, min(7, 7*int(test.at)))]
		if err := os.WriteFile(path, before, 0o644); err != nil {
			t.Fatal(err)
		}
		file, err := os.OpenFile(path, os.O_RDWR|test.flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if test.flags == 0 {
			file.Seek(test.at, 0)
		}
		p := newPrinter(file, false)
		for at := 0; at < len(text); at += 100_000 {
			if _, err := p.Write(text[at:min(at+100_000, len(text))]); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.end(); err != nil {
			t.Fatal(err)
		}
		file.WriteString("!") // by whoever comes next
		got, err := os.ReadFile(path)
		if want := append(append(before[:test.at:test.at], text...), '!'); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, not %d, %v", what, len(got), len(want), err)
		}
		if (p.holes != nil) != test.holes {
			t.Errorf("%s: holes: %t", what, p.holes != nil)
		}
	}
}
