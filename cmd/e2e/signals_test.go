//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// under returns the command that runs a program by way of another one, in a process group of its
// own, which ends with the test.
func under(t *testing.T, wrapper []string, name string, args ...string) *exec.Cmd {
	args = append(append(wrapper[1:len(wrapper):len(wrapper)], filepath.Join(programs, name)), args...)
	cmd := exec.CommandContext(t.Context(), wrapper[0], args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// startUnder runs a server as start does, by way of another program.
func startUnder(t *testing.T, wrapper []string, name string, args ...string) *process {
	t.Helper()
	return startCommand(t, under(t, wrapper, name, args...))
}

// ignored reports whether a process ignores a signal, as the system sees it.
func ignored(t *testing.T, pid int, signal syscall.Signal) bool {
	t.Helper()
	status, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if mask, is := strings.CutPrefix(lines.Text(), "SigIgn:\t"); is {
			bits, err := strconv.ParseUint(mask, 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return bits>>(signal-1)&1 == 1
		}
	}
	t.Fatalf("process %d has no mask of ignored signals", pid)
	return false
}

func TestWhatIsIgnoredAtTheStartStaysIgnored(t *testing.T) {
	t.Parallel()
	nohup := []string{"nohup"}
	script := []string{"sh", "-c", `"$0" "$@" & echo $! >&2; wait $!`}
	traps := []string{"sh", "-c", `trap "" INT HUP; exec "$0" "$@"`}
	for _, x := range []struct {
		wrapper []string
		ignored []syscall.Signal
	}{
		{nohup, []syscall.Signal{syscall.SIGHUP}},
		{script, []syscall.Signal{syscall.SIGINT}},
		{traps, []syscall.Signal{syscall.SIGINT, syscall.SIGHUP}},
	} {
		relay := startUnder(t, x.wrapper, "relay-server", "--host", "127.0.0.1", "0")
		node := startUnder(t, x.wrapper, "peer-node", "--share", folder(t, map[string]string{"a": "1"}), "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
		for _, p := range []*process{relay, node} {
			for _, signal := range x.ignored {
				if pid := p.program(); !ignored(t, pid, signal) {
					t.Errorf("%s: %v is not ignored any more", x.wrapper, signal)
				} else {
					syscall.Kill(pid, signal)
				}
			}
		}
		if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "a"); r.code != 0 || r.out != "1" {
			t.Errorf("%s: exit %d: %s", x.wrapper, r.code, r.err)
		}
		for _, p := range []*process{node, relay} { // others are heeded
			syscall.Kill(p.program(), syscall.SIGTERM)
			if err := p.wait(); err != nil {
				t.Errorf("%s: %v\n%s", x.wrapper, err, p.errors)
			}
		}
	}
}

// A list is read again at SIGHUP under nohup as well: it ends nothing there.
func TestAListIsReadAgainUnderNohup(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "friends")
	if err := os.WriteFile(list, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	relay := startUnder(t, []string{"nohup"}, "relay-server", "--state=-", "--admit", list, "--host", "127.0.0.1", "0")
	syscall.Kill(relay.program(), syscall.SIGHUP)
	eventually(t, 20*time.Second, "the list is read again", func() bool {
		return strings.Contains(relay.errors.String(), "has been read again")
	})
	syscall.Kill(relay.program(), syscall.SIGTERM)
	if err := relay.wait(); err != nil {
		t.Errorf("%v\n%s", err, relay.errors)
	}
}

// program returns the process id of the program, which may be a child of the shell that was started.
func (p *process) program() int {
	line, _, _ := strings.Cut(p.errors.String(), "\n")
	if pid, err := strconv.Atoi(line); err == nil {
		return pid
	}
	return p.cmd.Process.Pid
}

func TestAClientInTheBackgroundOutlivesTheTerminal(t *testing.T) {
	t.Parallel()
	relay, text := permissive(t), noise(61, 8<<20)
	_, way := behind(t, relay, map[string]string{"big": text})
	way.hold(3<<20, false)
	target := filepath.Join(t.TempDir(), "big")
	shell := []string{"sh", "-c", `trap "" HUP; "$0" "$@" & wait $!`}
	p := beginCommand(t, under(t, shell, "peer-client", "-o", target, "127.0.0.1", relay.port, "big"))
	way.full()
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGHUP)
	way.hold(1<<60, false)
	if err := p.wait(); err != nil {
		t.Errorf("%v\n%s", err, p.errors)
	}
	same(t, target, text)
}

// timeout signals the process, and then its group with the process in it.
func TestTimeoutEndsAServerGracefully(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		relay := start(t, "relay-server", "--host", "127.0.0.1", "0")
		files := folder(t, map[string]string{"a": "1"})
		timeout := []string{"timeout", "-s", strconv.Itoa(int(signal)), "1000"}
		for range 5 {
			node := startUnder(t, timeout, "peer-node", "--share", files, "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
			syscall.Kill(node.cmd.Process.Pid, signal) // as if its time were up
			node.wait()
			if log := node.errors.String(); !strings.Contains(log, "left: relay=") {
				t.Fatalf("%v: the node did not take its leave:\n%s", signal, log)
			}
			if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "a"); r.code != 3 || !strings.Contains(r.err, "no node is registered") {
				t.Fatalf("%v: exit %d: %s", signal, r.code, r.err)
			}
		}
	}
}

func TestTimeoutLeavesAClientThePart(t *testing.T) {
	t.Parallel()
	relay := permissive(t)
	_, way := behind(t, relay, map[string]string{"big": noise(62, 16<<20)})
	way.hold(6<<20, false)
	p := beginCommand(t, under(t, []string{"timeout", "1000"}, "peer-client", "-o", t.TempDir(), "127.0.0.1", relay.port, "big"))
	way.full()
	syscall.Kill(p.cmd.Process.Pid, syscall.SIGTERM)
	p.wait()
	if code := p.cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(p.errors.String(), "the same command goes on from there") {
		t.Errorf("exit %d\n%s", code, p.errors)
	}
}

// A server that is still serving when it is told to stop waits for the end of that; a signal of a
// moment later changes nothing, and a late one ends it.
func TestALateSignalEndsTheProcess(t *testing.T) {
	t.Parallel()
	relay := permissive(t)
	node, way := behind(t, relay, map[string]string{"big": noise(63, 32<<20)})
	way.hold(3<<20, false)
	begin(t, "-o", t.TempDir(), "127.0.0.1", relay.port, "big")
	way.full()
	node.cmd.Process.Signal(syscall.SIGTERM)
	eventually(t, 10*time.Second, "the node stops", func() bool { return strings.Contains(node.errors.String(), "left: relay=") })
	since := time.Now()
	for ended := false; !ended; {
		select {
		case err := <-node.ended:
			close(node.ended)
			ended = true
			if status := node.cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() {
				t.Errorf("it ended with %v", err)
			}
		case <-time.After(100 * time.Millisecond):
			node.cmd.Process.Signal(syscall.SIGTERM)
		}
	}
	if took := time.Since(since); took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestASimulationIsInterruptedAtOnce(t *testing.T) {
	t.Parallel()
	cmd := command(t.Context(), "simulate", "--scale", "1,100000", "--span", "1h")
	errs := &watched{}
	cmd.Stderr = errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the long run begins", func() bool { return strings.HasPrefix(errs.String(), "1 nodes: ") })
	cmd.Process.Signal(os.Interrupt)
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("%v", cmd.ProcessState)
	}
}
