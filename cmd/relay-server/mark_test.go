package main

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/state"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// newFolder returns a new state folder.
func newFolder(t *testing.T) *state.Folder {
	t.Helper()
	folder, err := state.Open(filepath.Join(t.TempDir(), "a", "state"))
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// marks returns where the mark of a port is, in a new state folder.
func marks(t *testing.T, port uint16) (folder *state.Folder, name, path string) {
	t.Helper()
	folder, name = newFolder(t), markName(port)
	return folder, name, folder.Path(name)
}

func TestTheFirstStartHasNoMark(t *testing.T) {
	folder, name, _ := marks(t, 4000)
	if m, err := readMark(folder, name); err != nil || m != (mark{}) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestAMarkIsReadAsItWasWritten(t *testing.T) {
	folder, name, path := marks(t, 4000)
	for _, until := range []time.Time{time.Unix(0, 0), time.Now(), time.Now().AddDate(100, 0, 0)} { // a clock that was wrong matters to nobody
		if err := (mark{until, 7}).write(folder, name); err != nil {
			t.Fatal(err)
		}
		if m, err := readMark(folder, name); err != nil || !m.Until.Equal(until) || m.Nodes != 7 {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if m, err := readMark(folder, markName(4001)); err != nil || m.Nodes != 0 {
		t.Errorf("the relay at another port has %+v, %v", m, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestADamagedMarkIsOneOfManyNodes: the relay is then young for a TTL, rather than wrong.
func TestADamagedMarkIsOneOfManyNodes(t *testing.T) {
	folder, name, path := marks(t, 4000)
	for _, text := range []string{"", "\x00\x00\x00", `{"until":"2026-01-02T03:04:05Z","nod`, `[]`, `{"nodes":-1}`, `{"nodes":"many"}`, `{"nodes":1e99}`, `{"until":"soon","nodes":1}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := readMark(folder, name); m.Nodes < 1<<20 || err == nil && !strings.Contains(text, "-1") {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
	os.Remove(path)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if m, err := readMark(folder, name); m.Nodes < 1<<20 || err == nil {
		t.Errorf("a folder in its place: %+v, %v", m, err)
	}
}

// TestAKillInTheMiddleLeavesTheMarkBefore: at each byte of the write.
func TestAKillInTheMiddleLeavesTheMarkBefore(t *testing.T) {
	folder, name, _ := marks(t, 4000)
	if err := (mark{time.Now(), 7}).write(folder, name); err != nil {
		t.Fatal(err)
	}
	left := folder.Path("." + name + ".left.new")
	for _, rest := range []string{"", `{"until":`, `{"until":"2026-01-02T03:04:05Z","nodes":70000000}`} {
		if err := os.WriteFile(left, []byte(rest), 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := readMark(folder, name); err != nil || m.Nodes != 7 {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if err := (mark{time.Now(), 8}).write(folder, name); err != nil {
		t.Errorf("what a kill has left is in the way: %v", err)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestAMarkThatCannotBeWrittenIsSaidOnce, and keeping goes on: the folder may be there again.
func TestAMarkThatCannotBeWrittenIsSaidOnce(t *testing.T) {
	folder, name, path := marks(t, 4000)
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	var r peer.Relay
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 10)
	over := make(chan struct{})
	go func() {
		defer close(over)
		keepMark(ctx, folder, 4000, &r, func(err error) { failed <- err })
	}()
	if err := <-failed; !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-over
	if m, err := readMark(folder, name); err != nil || m.Until.IsZero() || len(failed) > 0 {
		t.Errorf("%+v, %v, and %d more failures were said", m, err, len(failed))
	}
}

// TestWhatHasPassedIsReadAgain, of both families and of members, and a damaged file is none.
func TestWhatHasPassedIsReadAgain(t *testing.T) {
	folder, _, path := marks(t, 4000)
	since := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	from := func(addr string, id protocol.PeerID) roles.Origin {
		return roles.OriginOf(netip.MustParseAddr(addr), id)
	}
	kept := passed{[]peer.Passed{
		{From: from("203.0.113.7", protocol.PeerID{}), Bytes: 5, Since: since},
		{From: from("2001:db8:1:2::3", protocol.PeerID{}), Bytes: 6, Since: since},
		{From: from("203.0.113.7", protocol.PeerID{7}), Bytes: 7, Since: since},
	}}
	if err := kept.write(folder, passedName(4000)); err != nil {
		t.Fatal(err)
	}
	if again, err := readPassed(folder, passedName(4000)); err != nil || !reflect.DeepEqual(again, kept) {
		t.Errorf("%+v, %v", again, err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), passedName(4000)), []byte(`{"passed":[{"from":"nobody"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := readPassed(folder, passedName(4000)); err == nil || len(again.Passed) > 0 {
		t.Errorf("%+v, %v", again, err)
	}
}
