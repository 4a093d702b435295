package state_test

import (
	"crypto/ed25519"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// These tests run themselves as children: as several processes, or as one that ends without a word
// before the n-th change of the disk, for each n that there is.
const (
	childFolder = "RELAYPEER_TEST_FOLDER"
	killAt      = "RELAYPEER_TEST_KILL_AT"
	killed      = 99 // the exit code of a child that has been
)

// child runs the test again, with a folder and the number of the change before which it is killed; less
// than zero: at none. It returns what the child says, and whether it came to its end.
func child(t *testing.T, folder string, n int) (says string, whole bool) {
	t.Helper()
	run := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	run.Env = append(os.Environ(), killAt+"="+strconv.Itoa(n), childFolder+"="+folder)
	out, err := run.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != killed) {
		t.Errorf("the child: %v, %s", err, out)
	}
	says, _, _ = strings.Cut(string(out), "\n")
	return says, err == nil
}

// isChild returns the folder of a child, which is killed where it is to be.
func isChild() (folder string, is bool) {
	if left, err := strconv.Atoi(os.Getenv(killAt)); err == nil && left >= 0 {
		state.SetBefore(func(string) error {
			if left--; left < 0 {
				os.Exit(killed)
			}
			return nil
		})
	}
	folder = os.Getenv(childFolder)
	return folder, folder != ""
}

// Whenever the making of a key is killed there is none or a whole one, and the next start has one.
func TestTheMakingOfAKeyMayBeKilledAnywhere(t *testing.T) {
	if folder, is := isChild(); is {
		if key, err := openFolder(t, folder).Key("k"); err == nil {
			os.Stdout.WriteString(state.IDOf(key).String() + "\n")
		}
		return
	}
	for n, whole := 0, false; !whole; n++ {
		path := filepath.Join(t.TempDir(), "a", "state")
		var says string
		says, whole = child(t, path, n)
		there, err := os.ReadFile(filepath.Join(path, "k.pem"))
		var had ed25519.PrivateKey
		if err == nil {
			if had, err = state.ParseKey(there); err != nil {
				t.Fatalf("killed at %d: %v", n, err)
			}
		}
		folder := openFolder(t, path)
		key, lock, err := folder.LockedKey("k")
		switch {
		case err != nil:
			t.Fatalf("killed at %d: %v", n, err)
		case had != nil && !had.Equal(key):
			t.Errorf("killed at %d: the key is another one now", n)
		case whole && (n < 6 || says != state.IDOf(key).String()):
			t.Errorf("only %d changes of the disk were counted, and the child had %s", n, says)
		}
		lock.Close()
		disktest.Leaves(t, folder.Path("."), "k.pem")
	}
}

// Whenever a change of known_relays is killed there is what was or what was to be, and all goes well
// the next time.
func TestAChangeOfKnownRelaysMayBeKilledAnywhere(t *testing.T) {
	id := protocol.PeerID{1, 2, 3}
	change := func(known *state.KnownRelays) error {
		_, forgetting := known.Forget("a:1")
		return errors.Join(forgetting, known.Add("b:1", id, state.Pinned), known.Add("c:1", id, state.Pinned))
	}
	if folder, is := isChild(); is {
		if err := change(openFolder(t, folder).KnownRelays()); err != nil {
			t.Fatal(err)
		}
		return
	}
	for before, states := range map[string][]string{ // the addresses after each change
		"": {"", "", "b:1", "b:1 c:1"},
		"# mine\n" + lineOf("a:1", id) + lineOf("d:1", id): {"a:1 d:1", "d:1", "d:1 b:1", "d:1 b:1 c:1"},
		lineOf("a:1", id) + lineOf("d:1", id)[:50]:         {"a:1", "", "b:1", "b:1 c:1"},
	} {
		for n, whole := 0, false; !whole; n++ {
			folder := newFolder(t)
			if before != "" {
				put(t, folder, "known_relays", before, 0o600)
			}
			_, whole = child(t, folder.Path("."), n)
			known := folder.KnownRelays()
			all, err := known.All()
			var addresses []string
			for _, one := range all {
				addresses = append(addresses, one.Address)
			}
			got := strings.Join(addresses, " ")
			if err != nil || !slices.Contains(states, got) || whole && got != states[3] {
				t.Fatalf("killed at %d: %q, %v", n, got, err)
			}
			if err := change(known); err != nil {
				t.Fatalf("killed at %d: %v", n, err)
			}
			disktest.Leaves(t, folder.Path("."), "known_relays", "known_relays.lock")
			if whole && n < 6 {
				t.Errorf("only %d changes of the disk were counted", n)
			}
		}
	}
}

// Whichever change of the disk fails: there is an error, and what was or what was to be.
func TestAnyChangeMayFail(t *testing.T) {
	id := newID(t)
	for n, failed := 0, true; failed; n++ {
		folder := newFolder(t)
		put(t, folder, "known_relays", "# mine\n"+lineOf("a:1", id)+"torn", 0o600)
		known := folder.KnownRelays()
		left := n
		failed = false
		undo := state.SetBefore(func(what string) error {
			if left--; left == -1 {
				failed = true
				return syscall.EIO
			}
			return nil
		})
		_, making := folder.Key("k")
		adding := known.Add("b:1", id, state.Pinned)
		_, forgetting := known.Forget("a:1")
		undo()
		swept := making == nil && adding == nil && forgetting == nil // what cannot be removed is removed another time
		if err := errors.Join(making, adding, forgetting); failed && !swept && !errors.Is(err, syscall.EIO) || !failed && err != nil {
			t.Errorf("at %d: %v", n, err)
		}
		key, err := folder.Key("k")
		if err != nil {
			t.Fatalf("at %d: %v", n, err)
		}
		if same, err := folder.Key("k"); err != nil || !same.Equal(key) {
			t.Errorf("at %d: %v", n, err)
		}
		add(t, known, "b:1", id)
		if n, err := known.Forget("a:1"); n > 1 || err != nil {
			t.Error(err)
		}
		got, err := known.All()
		if err != nil || len(got) != 1 || got[0].Address != "b:1" || !strings.HasPrefix(text(t, folder, "known_relays"), "# mine\nb:1 ") {
			t.Errorf("at %d: %v, %v", n, got, err)
		}
		os.Remove(folder.Path("k.pem.lock")) // of a key that could not be linked
		disktest.Leaves(t, folder.Path("."), "k.pem", "known_relays", "known_relays.lock")
		if !failed && n < 15 {
			t.Errorf("only %d changes of the disk were counted", n)
		}
	}
}

// Several processes that start at once have one key, one has its lock, and a relay gets one line.
func TestSeveralProcessesStartAtOnce(t *testing.T) {
	if folder, is := isChild(); is {
		f := openFolder(t, folder)
		key, err := f.Key("k")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.KnownRelays().Add("a:1", state.IDOf(key), state.FirstContact); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString(state.IDOf(key).String() + "\n")
		return
	}
	for range 3 {
		folder := newFolder(t)
		ids := make([]string, 6)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() { ids[i], _ = child(t, folder.Path("."), -1) })
		}
		all.Wait()
		key, err := folder.Key("k")
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if id != state.IDOf(key).String() {
				t.Errorf("one has %q, and the key is %s", id, state.IDOf(key))
			}
		}
		if known, err := folder.KnownRelays().All(); len(known) != 1 || err != nil {
			t.Errorf("%v, %v", known, err)
		}
		disktest.Leaves(t, folder.Path("."), "k.pem", "known_relays", "known_relays.lock")
	}
}

// A lock ends with the process that has it, however that ends.
func TestALockedKeyIsFreeWhenItsProcessIsKilled(t *testing.T) {
	if folder, is := isChild(); is {
		key, _, err := openFolder(t, folder).LockedKey("k")
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString(state.IDOf(key).String() + "\n")
		os.Stdin.Read(make([]byte, 1)) // until it is killed
		return
	}
	folder := newFolder(t)
	run := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	run.Env = append(os.Environ(), childFolder+"="+folder.Path("."))
	in, _ := run.StdinPipe()
	out, _ := run.StdoutPipe()
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := folder.LockedKey("k"); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("while it runs: %v", err)
	}
	run.Process.Kill()
	run.Wait()
	if _, lock, err := folder.LockedKey("k"); err != nil || lock.Close() != nil {
		t.Errorf("afterwards: %v", err)
	}
}
