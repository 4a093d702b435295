package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/transport/peer"
)

// marks returns where the mark of a port is, in a new state folder.
func marks(t *testing.T, port uint16) (folder, path string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "a", "state")
	path, err := markPath(folder, port)
	if err != nil {
		t.Fatal(err)
	}
	return folder, path
}

func TestTheFirstStartHasNoMark(t *testing.T) {
	_, path := marks(t, 4000)
	if m, err := readMark(path); err != nil || m != (mark{}) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestAMarkIsReadAsItWasWritten(t *testing.T) {
	folder, path := marks(t, 4000)
	for _, until := range []time.Time{time.Unix(0, 0), time.Now(), time.Now().AddDate(100, 0, 0)} { // a clock that was wrong matters to nobody
		if err := (mark{until, 7}).write(path); err != nil {
			t.Fatal(err)
		}
		if m, err := readMark(path); err != nil || !m.Until.Equal(until) || m.Nodes != 7 {
			t.Errorf("%+v, %v", m, err)
		}
	}
	other, err := markPath(folder, 4001)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := readMark(other); err != nil || m.Nodes != 0 {
		t.Errorf("the relay at another port has %+v, %v", m, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestADamagedMarkIsOneOfManyNodes: the relay is then young for a TTL, rather than wrong.
func TestADamagedMarkIsOneOfManyNodes(t *testing.T) {
	_, path := marks(t, 4000)
	for _, text := range []string{"", "\x00\x00\x00", `{"until":"2026-01-02T03:04:05Z","nod`, `[]`, `{"nodes":-1}`, `{"nodes":"many"}`, `{"nodes":1e99}`, `{"until":"soon","nodes":1}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := readMark(path); m.Nodes < 1<<20 || err == nil && !strings.Contains(text, "-1") {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
	os.Remove(path)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if m, err := readMark(path); m.Nodes < 1<<20 || err == nil {
		t.Errorf("a folder in its place: %+v, %v", m, err)
	}
}

// TestAKillInTheMiddleLeavesTheMarkBefore: at each byte of the write.
func TestAKillInTheMiddleLeavesTheMarkBefore(t *testing.T) {
	_, path := marks(t, 4000)
	if err := (mark{time.Now(), 7}).write(path); err != nil {
		t.Fatal(err)
	}
	for _, rest := range []string{"", `{"until":`, `{"until":"2026-01-02T03:04:05Z","nodes":70000000}`} {
		if err := os.WriteFile(path+".new", []byte(rest), 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := readMark(path); err != nil || m.Nodes != 7 {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if err := (mark{time.Now(), 8}).write(path); err != nil {
		t.Errorf("what a kill has left is in the way: %v", err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestAFolderThatCannotBeMadeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if path, err := markPath(filepath.Join(file, "state"), 4000); err == nil {
		t.Errorf("it is %s", path)
	}
	t.Setenv("XDG_STATE_HOME", "not/absolute") // counts as if it were not set
	t.Setenv("HOME", "/home/of/nobody")
	if folder, err := stateFolder(); err != nil || folder != "/home/of/nobody/.local/state/relaypeer" {
		t.Errorf("%s, %v", folder, err)
	}
	t.Setenv("XDG_STATE_HOME", "/somewhere")
	if folder, err := stateFolder(); err != nil || folder != "/somewhere/relaypeer" {
		t.Errorf("%s, %v", folder, err)
	}
}

// TestAMarkThatCannotBeWrittenIsSaidOnce, and keeping goes on: the folder may be there again.
func TestAMarkThatCannotBeWrittenIsSaidOnce(t *testing.T) {
	folder, path := marks(t, 4000)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	var r peer.Relay
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 10)
	over := make(chan struct{})
	go func() {
		defer close(over)
		keepMark(ctx, path, &r, func(err error) { failed <- err })
	}()
	if err := <-failed; !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-over
	if m, err := readMark(path); err != nil || m.Until.IsZero() || len(failed) > 0 {
		t.Errorf("%+v, %v, and %d more failures were said", m, err, len(failed))
	}
}
