package e2e

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAKilledClientGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	const size = 40<<20 + 12345
	relay, text := permissive(t), noise(1, size)
	_, way := behind(t, relay, map[string]string{"big": text})
	dir := t.TempDir()
	way.hold(25<<20, false)
	for _, end := range []os.Signal{syscall.SIGKILL, syscall.SIGINT} {
		c := begin(t, "-o", dir, "127.0.0.1", relay.port, "big")
		way.full()
		c.cmd.Process.Signal(end)
		c.wait()
		if _, err := os.Stat(filepath.Join(dir, "big")); err == nil {
			t.Fatal("there is a file under the final name")
		}
		if end == os.Interrupt && !strings.Contains(c.errors.String(), "the same command goes on") {
			t.Errorf("interrupted, it said %q", c.errors)
		}
		way.hold(5<<20, false)
	}
	before := way.sent()
	way.hold(1<<60, false)
	r := run(t, "", "peer-client", "-o", dir, "127.0.0.1", relay.port, "big")
	var kept int64 // MiB, rounded
	if _, err := fmt.Sscanf(r.err, "going on at %d MiB of 40 MiB (already here and verified)", &kept); r.code != 0 || err != nil || kept < 2 {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	if again := way.sent() - before; again > size-(kept-1)<<20 {
		t.Errorf("%d MiB were there, and %d bytes came again", kept, again)
	}
	same(t, filepath.Join(dir, "big"), text)
	only(t, dir, "big")
}

func TestWhenAllNodesGoThePartStaysAndAnotherNodeCompletesIt(t *testing.T) {
	t.Parallel()
	const size = 24 << 20
	relay, text := permissive(t), noise(2, size)
	first, way := behind(t, relay, map[string]string{"big": text})
	dir := t.TempDir()
	way.hold(13<<20, true)
	r := run(t, "", "peer-client", "-o", filepath.Join(dir, "x"), "127.0.0.1", relay.port, "big")
	if r.code != 5 || !strings.Contains(r.err, "the same command goes on") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	first.terminate()
	node(t, relay, map[string]string{"elsewhere/big": "not this", "big": text})
	if r = run(t, "", "peer-client", "-o", filepath.Join(dir, "x"), "127.0.0.1", relay.port, "big"); r.code != 0 || !strings.Contains(r.err, "going on at ") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	same(t, filepath.Join(dir, "x"), text)
	only(t, dir, "x")
}

func TestAPartOfAnotherContentIsNotBuiltUpon(t *testing.T) {
	t.Parallel()
	relay, old, fresh := permissive(t), noise(3, 8<<20), noise(4, 8<<20)
	first, way := behind(t, relay, map[string]string{"big": old})
	target := filepath.Join(t.TempDir(), "big")
	way.hold(5<<20, true)
	if r := run(t, "", "peer-client", "-o", target, "127.0.0.1", relay.port, "big"); r.code != 5 {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	first.terminate()
	node(t, relay, map[string]string{"big": fresh})
	if r := run(t, "", "peer-client", "-o", target, "127.0.0.1", relay.port, "big"); r.code != 0 || !strings.Contains(r.err, "another content: starting anew") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	same(t, target, fresh)
}

func TestAWrongByteIsNeverDelivered(t *testing.T) {
	t.Parallel()
	relay, text := permissivePlain(t), noise(5, 6<<20)
	liar, way := behind(t, relay, map[string]string{"big": text})
	way.falsify(3 << 20)
	target := filepath.Join(t.TempDir(), "big")
	r := run(t, "", "peer-client", "-v", "-o", target, "--plain", "127.0.0.1", relay.port, "big")
	if r.code != 5 || !strings.Contains(r.err, "127.0.0.1:"+way.port+" bad-hash") {
		t.Errorf("from %s alone: exit %d: %s", liar.ready, r.code, r.err)
	}
	if r := run(t, "", "peer-client", "--plain", "127.0.0.1", relay.port, "big"); r.code != 5 || !strings.HasPrefix(text, r.out) || len(r.out) > 3<<20 {
		t.Errorf("printed: exit %d, %d bytes: %s", r.code, len(r.out), r.err)
	}
	node(t, relay, map[string]string{"big": text})
	if r := run(t, "", "peer-client", "-o", target, "--plain", "127.0.0.1", relay.port, "big"); r.code != 0 {
		t.Errorf("with an honest node: exit %d: %s", r.code, r.err)
	}
	same(t, target, text)
}

// A file of exactly one group, one less and one more: by itself, printed, and among many, with its
// first, a middle and its very last byte falsified.
func TestAWrongByteOfOneGroupIsNeverDelivered(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1<<20 - 1, 1 << 20, 1<<20 + 1} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			relay, text := permissivePlain(t), noise(8, size)
			_, way := behind(t, relay, map[string]string{"group": text})
			dir := t.TempDir()
			target, many := filepath.Join(dir, "group"), filepath.Join(dir, "many")
			for path, args := range map[string][]string{
				target:                       {"-v", "-o", target, "--plain", "127.0.0.1", relay.port, "group"},
				filepath.Join(many, "group"): {"-v", "-o", many + "/", "--plain", "127.0.0.1", relay.port, "gr*"},
				"":                           {"-v", "--plain", "127.0.0.1", relay.port, "group"},
			} {
				way.falsify(0)
				if r := run(t, "", "peer-client", args...); r.code != 0 || path == "" && r.out != text {
					t.Fatalf("%v: exit %d: %s", args, r.code, r.err)
				}
				all := way.longest() // the relay's own connections to the node come over the way, too
				if path != "" {
					same(t, path, text)
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
				}
				for _, at := range []int64{all - int64(size) + 1, 1 << 19, all} {
					way.falsify(at)
					r := run(t, "", "peer-client", args...)
					if r.code != 5 || !strings.Contains(r.err, "bad-hash") || !strings.HasPrefix(text, r.out) {
						t.Errorf("%v, byte %d of %d falsified: exit %d, %d bytes printed: %s", args, at, all, r.code, len(r.out), r.err)
					}
					if _, err := os.Stat(path); path != "" && !os.IsNotExist(err) {
						t.Errorf("%v, byte %d of %d falsified: it is there: %v", args, at, all, err)
					}
				}
			}
		})
	}
}

// TestAByteThatIsChangedOnTheWayBreaksTheLink: over TLS that is no lie of the node.
func TestAByteThatIsChangedOnTheWayBreaksTheLink(t *testing.T) {
	t.Parallel()
	relay, text := permissive(t), noise(9, 6<<20)
	_, way := behind(t, relay, map[string]string{"big": text})
	way.falsify(3 << 20)
	target := filepath.Join(t.TempDir(), "big")
	r := run(t, "", "peer-client", "-v", "-o", target, "127.0.0.1", relay.port, "big")
	if !strings.Contains(r.err, "127.0.0.1:"+way.port+" lost") || strings.Contains(r.err, "bad-hash") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	way.falsify(0)
	if r := run(t, "", "peer-client", "-o", target, "127.0.0.1", relay.port, "big"); r.code != 0 {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	same(t, target, text)
}

func TestAFileThatChangesWhileItIsSentIsNotDelivered(t *testing.T) {
	t.Parallel()
	relay, text := permissive(t), noise(6, 24<<20)
	sender, way := behind(t, relay, map[string]string{"big": text})
	way.hold(6<<20, false)
	target := filepath.Join(t.TempDir(), "big")
	c := begin(t, "-v", "-o", target, "127.0.0.1", relay.port, "big")
	way.full()
	path := filepath.Join(shared(sender), "big")
	if err := os.WriteFile(path, []byte(noise(7, 24<<20)), 0o644); err != nil {
		t.Fatal(err)
	}
	way.hold(1<<60, false)
	c.wait()
	if code := c.cmd.ProcessState.ExitCode(); code == 0 { // it began anew with what is there now
		same(t, target, noise(7, 24<<20))
	} else if code != 5 {
		t.Errorf("exit %d", code)
	}
	if !strings.Contains(c.errors.String(), " changed ") {
		t.Errorf("it said %s", c.errors)
	}
}

// shared returns the folder of a node.
func shared(p *process) string {
	for i, arg := range p.cmd.Args {
		if arg == "--share" {
			return p.cmd.Args[i+1]
		}
	}
	return ""
}

func TestWhatIsPrintedComesInOrderWithLittleMemory(t *testing.T) {
	t.Parallel()
	text := noise(8, 170<<20)
	relay, dir := permissive(t), folder(t, map[string]string{"big": text})
	for range 2 {
		start(t, "peer-node", "--share", dir, "--index", "-", "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	}
	cmd := command(t.Context(), "peer-client", "-o", "-", "127.0.0.1", relay.port, "big")
	errs := &watched{}
	cmd.Stderr = errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(out, got[:len(got)-1]); err != nil {
		t.Fatalf("%v: %s", err, errs)
	}
	// Near its end it has needed as much as it ever will. (What the system tells afterwards includes our own memory.)
	if peak := peakMemory(cmd.Process.Pid); peak > 150<<20 {
		t.Errorf("it took %d MiB of memory", peak>>20)
	}
	if _, err := io.ReadFull(out, got[len(got)-1:]); err != nil || string(got) != text {
		t.Errorf("other bytes came out, or fewer: %v: %s", err, errs)
	}
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("%d bytes more came out, %v", len(rest), err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, errs)
	}
}

// peakMemory returns the bytes of memory that a process had at most so far, 0 where the system does not tell.
func peakMemory(pid int) (bytes int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &bytes); err == nil {
			return bytes << 10
		}
	}
	return 0
}
