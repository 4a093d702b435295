package state_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// newID returns the id of a new key.
func newID(t testing.TB) protocol.PeerID {
	t.Helper()
	key, err := state.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return state.IDOf(key)
}

const date = "2026-11-27T12:00:00Z"

// lineOf returns a line of known_relays.
func lineOf(address string, id protocol.PeerID) string {
	return address + " " + id.String() + " " + date + " first-contact\n"
}

// finds demands that an id is known at an address; the zero id: that none is.
func finds(t *testing.T, known *state.KnownRelays, address string, id protocol.PeerID) state.Known {
	t.Helper()
	got, is, err := known.Find(address)
	if err != nil || is == id.IsZero() || got.ID != id {
		t.Errorf("at %s is %s, %t, %v", address, got.ID, is, err)
	}
	return got
}

func add(t *testing.T, known *state.KnownRelays, address string, id protocol.PeerID) {
	t.Helper()
	if err := known.Add(address, id, state.FirstContact); err != nil {
		t.Fatal(err)
	}
}

// each runs a test with relays that are known in a folder, and in memory.
func each(t *testing.T, test func(t *testing.T, known *state.KnownRelays)) {
	t.Run("folder", func(t *testing.T) { test(t, newFolder(t).KnownRelays()) })
	t.Run("memory", func(t *testing.T) { test(t, &state.KnownRelays{}) })
}

func TestAKnownRelayIsFoundAndForgotten(t *testing.T) {
	each(t, func(t *testing.T, known *state.KnownRelays) {
		one, other := newID(t), newID(t)
		finds(t, known, "relay.example:4000", protocol.PeerID{})
		before := time.Now().Truncate(time.Second)
		add(t, known, "relay.example:4000", one)
		add(t, known, "relay.example:4001", other)
		add(t, known, "Relay.Example.:04000", one) // is known
		got := finds(t, known, "RELAY.example:4000", one)
		if got.Address != "relay.example:4000" || got.How != "first-contact" || got.Line != 1 || got.Date.Before(before) || got.Date.After(time.Now()) {
			t.Errorf("%+v", got)
		}
		if err := known.Add("relay.example:4000", other, state.Pinned); !errors.Is(err, state.ErrChanged) {
			t.Errorf("another id at its address: %v", err)
		}
		finds(t, known, "relay.example:4000", one)
		if all, err := known.All(); err != nil || len(all) != 2 || all[1].ID != other || all[1].Line != 2 {
			t.Errorf("%v, %v", all, err)
		}
		if n, err := known.Forget("relay.example.:4000"); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := known.Forget("relay.example:4000"); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		finds(t, known, "relay.example:4000", protocol.PeerID{})
		finds(t, known, "relay.example:4001", other)
		if err := known.Add("relay.example:4000", other, state.Pinned); err != nil {
			t.Errorf("it is forgotten: %v", err)
		}
	})
}

func TestOnlyWhatCanBeALineIsAdded(t *testing.T) {
	each(t, func(t *testing.T, known *state.KnownRelays) {
		id := newID(t)
		for _, x := range []struct {
			address string
			id      protocol.PeerID
			how     string
		}{
			{"", id, "pinned"}, {"host", id, "pinned"}, {"host:0", id, "pinned"}, {"host:65536", id, "pinned"}, {"host:http", id, "pinned"},
			{":4000", id, "pinned"}, {"a b:1", id, "pinned"}, {"a\nb:1", id, "pinned"}, {"#a:1", id, "pinned"}, {"[::1%a b]:1", id, "pinned"},
			{"a..:1", id, "pinned"}, {"[a:b]:1", id, "pinned"}, {"\xff:1", id, "pinned"}, {"a\x1b[2J:1", id, "pinned"},
			{strings.Repeat("a", state.MostLine) + ":1", id, "pinned"},
			{"host:1", protocol.PeerID{}, "pinned"}, {"host:1", id, ""}, {"host:1", id, "two words"}, {"host:1", id, "a\nb"}, {"host:1", id, "Pinned"},
		} {
			if err := known.Add(x.address, x.id, x.how); err == nil {
				t.Errorf("%q, %q", x.address, x.how)
			}
		}
		if all, err := known.All(); len(all) > 0 || err != nil {
			t.Errorf("%v, %v", all, err)
		}
	})
}

// TestTheFileIsAsSSHHasIts: people read it, write in it and take lines out.
func TestTheFileIsAsSSHHasIts(t *testing.T) {
	folder, one, other := newFolder(t), newID(t), newID(t)
	begin := "# mine\n\n \t\n" + lineOf("a:1", one) + lineOf("a:1", other) +
		"[2001:DB8::1]:04000\t" + one.String() + "\t" + date + "\tinvite\r\n  # no comment, but white space before one\n"
	put(t, folder, "known_relays", strings.Replace(begin, "  #", "#", 1), 0o644)
	known := folder.KnownRelays()
	if got := finds(t, known, "a:1", one); got.Line != 4 || got.File != folder.Path("known_relays") || got.Date.Format(time.RFC3339) != date {
		t.Errorf("of two lines the first counts: %+v", got)
	}
	if got := finds(t, known, "[2001:db8::1]:4000", one); got.How != "invite" || got.Line != 6 {
		t.Errorf("%+v", got)
	}
	finds(t, known, "b:1", protocol.PeerID{})
	was := text(t, folder, "known_relays")
	add(t, known, "b:1", other)
	if got := text(t, folder, "known_relays"); !strings.HasPrefix(got, was+"b:1 "+other.String()+" ") || !strings.HasSuffix(got, "Z first-contact\n") {
		t.Errorf("%q", got)
	}
	was = text(t, folder, "known_relays")
	if n, err := known.Forget("a:1"); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if got, want := text(t, folder, "known_relays"), strings.NewReplacer(lineOf("a:1", one), "", lineOf("a:1", other), "").Replace(was); got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if info, err := os.Stat(folder.Path("known_relays")); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestALineThatACrashHasTornIsNone, wherever it was torn, and the next one is whole.
func TestALineThatACrashHasTornIsNone(t *testing.T) {
	folder, one, other := newFolder(t), newID(t), newID(t)
	known := folder.KnownRelays()
	before, line := "# mine\n"+lineOf("a:1", one), lineOf("b:1", other)
	torn := []string{strings.Repeat("\x00", len(line)), line[:20] + strings.Repeat("\x00", len(line)-20)}
	for n := range len(line) {
		torn = append(torn, line[:n])
	}
	for _, rest := range torn {
		put(t, folder, "known_relays", before+rest, 0o600)
		finds(t, known, "a:1", one)
		got, is, err := known.Find("b:1")
		if err != nil || is && (got.ID != other || !strings.HasPrefix("first-contact", got.How)) {
			t.Fatalf("%q: %v, %t, %v", rest, got, is, err)
		}
		add(t, known, "c:1", other)
		now := text(t, folder, "known_relays")
		kept := before
		if is {
			kept += rest + "\n"
		}
		if !strings.HasPrefix(now, kept+"c:1 ") || strings.Count(now, "\n") != strings.Count(kept, "\n")+1 {
			t.Fatalf("after %q: %q", rest, now)
		}
		finds(t, known, "c:1", other)
	}
	put(t, folder, "known_relays", before+"b:1 torn", 0o600)
	if n, err := known.Forget("a:1"); n != 1 || err != nil || text(t, folder, "known_relays") != "# mine\nb:1 torn" {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAFullDiskLeavesWhatWas(t *testing.T) {
	folder, id := newFolder(t), newID(t)
	known := folder.KnownRelays()
	add(t, known, "a:1", id)
	was := text(t, folder, "known_relays")
	for part := range 30 {
		undo := state.SetWrite(func(file *os.File, text []byte) (int, error) {
			n, err := file.Write(text[:min(part, len(text))])
			return n, errors.Join(err, &fs.PathError{Op: "write", Path: file.Name(), Err: syscall.ENOSPC})
		})
		if err := known.Add("b:1", id, state.Pinned); !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
		if n, err := known.Forget("a:1"); !errors.Is(err, syscall.ENOSPC) || n != 0 {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := folder.Key("k"); !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
		undo()
		if got := text(t, folder, "known_relays"); got != was {
			t.Errorf("%q", got)
		}
	}
	disktest.Leaves(t, folder.Path("."), "known_relays", "known_relays.lock")
}

func TestManyAddAtOnce(t *testing.T) {
	each(t, func(t *testing.T, known *state.KnownRelays) {
		addMany(t, func(int) *state.KnownRelays { return known })
	})
	t.Run("handles", func(t *testing.T) {
		folder := newFolder(t)
		addMany(t, func(int) *state.KnownRelays { return openFolder(t, folder.Path(".")).KnownRelays() })
	})
}

// addMany has several add the same relays at once, while one comes and goes.
func addMany(t *testing.T, of func(worker int) *state.KnownRelays) {
	ids := make([]protocol.PeerID, 8)
	for i := range ids {
		ids[i] = newID(t)
	}
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			known := of(worker)
			for i, id := range ids {
				if err := known.Add(fmt.Sprintf("relay%d.example:4000", i), id, state.FirstContact); err != nil {
					t.Error(err)
				}
				if worker > 1 {
					continue
				}
				own := fmt.Sprintf("own%d:1", worker)
				if err := known.Add(own, id, state.Pinned); err != nil {
					t.Error(err)
				}
				if n, err := known.Forget(own); n != 1 || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			}
		})
	}
	all.Wait()
	known := of(0)
	for i, id := range ids {
		finds(t, known, fmt.Sprintf("relay%d.example:4000", i), id)
	}
	if lines, err := known.All(); len(lines) != len(ids) || err != nil {
		t.Errorf("%d lines of %d relays, %v", len(lines), len(ids), err)
	}
}

func FuzzParseLines(f *testing.F) {
	id := newID(f)
	good := lineOf("a:1", id)
	for _, text := range []string{"", "\n", "# mine\n", good, good[:40], good + good[:40], good + "\x00\x00", "[::1]:1" + good[3:], "\xff\n", " \t\n" + good, strings.TrimSuffix(good, "\n") + "\r\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, torn, err := state.ParseLines(text)
		if err != nil {
			return
		}
		if torn < 0 || torn > len(text) || torn > 0 && (text[len(text)-1] == '\n' || torn < len(text) && text[len(text)-torn-1] != '\n') {
			t.Errorf("%d bytes of %q are torn", torn, text)
		}
		for _, known := range all {
			again, err := protocol.NormalAddress(known.Address)
			if err != nil || again != known.Address || !known.ID.Sound() || strings.ContainsAny(known.Address+known.How, " \t\n#") && known.Address[0] == '#' {
				t.Errorf("%+v: %s, %v", known, again, err)
			}
			line := fmt.Sprintf("%s %s %s %s\n", known.Address, known.ID, known.Date.Format(time.RFC3339), known.How)
			same, torn, err := state.ParseLines([]byte(line))
			if err != nil || torn > 0 || len(same) != 1 || same[0].ID != known.ID || same[0].Address != known.Address || !same[0].Date.Equal(known.Date) {
				t.Errorf("%q: %v, %v", line, same, err)
			}
		}
	})
}

// TestARelayThatHasInvitedUsIsKnownAsSuch, also if it was known before.
func TestARelayThatHasInvitedUsIsKnownAsSuch(t *testing.T) {
	known, one, other := newFolder(t).KnownRelays(), newID(t), newID(t)
	has := func(want bool) {
		t.Helper()
		if is, err := known.HasInvited("A:1"); is != want || err != nil {
			t.Errorf("it has invited us: %v, %v", is, err)
		}
	}
	has(false)
	add(t, known, "a:1", one)
	has(false)
	for range 2 {
		if err := known.Add("a:1", one, state.Invited); err != nil {
			t.Error(err)
		}
		has(true)
	}
	if err := known.Add("a:1", other, state.Invited); !errors.Is(err, state.ErrChanged) {
		t.Error(err)
	}
	if all, err := known.All(); len(all) != 2 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	if is, err := known.HasInvited("nowhere"); is || err == nil {
		t.Error("what is no address has invited us")
	}
}
