package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	errors *watched
	ready  string // host:port of the ready line
	reach  string // of a node: whether it can be reached
	port   string
	plain  bool // it speaks without TLS
	ended  chan error
}

func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, filepath.Join(programs, name), args...)
}

// start runs a server program until the test ends, and waits for its ready line.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	return startCommand(t, command(t.Context(), name, args...))
}

// startCommand runs a command that runs a server.
func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	withState(t, cmd)
	name := filepath.Base(cmd.Path)
	p := &process{t: t, cmd: cmd, errors: &watched{}, ended: make(chan error, 1)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.errors
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		lines <- line
		io.Copy(io.Discard, out)
		p.ended <- p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	select {
	case line := <-lines:
		at, is := strings.CutPrefix(strings.TrimSpace(line), "ready ")
		if !is {
			t.Fatalf("%s said %q\n%s", name, line, p.errors)
		}
		p.ready, p.reach, _ = strings.Cut(at, " ")
		_, p.port, _ = net.SplitHostPort(p.ready)
	case <-time.After(20 * time.Second):
		t.Fatalf("%s is not ready\n%s", name, p.errors)
	}
	return p
}

// states has the state folder of each test, by its name: a port is another relay's in another test, and keys and
// relays that are known of one are of no use to it.
var states sync.Map

// withState gives a command the state folder of its test, unless it has an environment of its own.
func withState(t *testing.T, cmd *exec.Cmd) {
	if cmd.Env != nil {
		return
	}
	of, _, _ := strings.Cut(t.Name(), "/")
	dir, _ := states.LoadOrStore(of, filepath.Join(filepath.Dir(programs), "states", of))
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir.(string))
}

var listening = regexp.MustCompile(`listens=(\S+)`)

// listens returns where a node listens, which its log says before its ready line says where it is
// listed.
func (p *process) listens() string {
	p.t.Helper()
	for over := time.Now().Add(20 * time.Second); time.Now().Before(over); time.Sleep(pause) {
		if found := listening.FindStringSubmatch(p.errors.String()); found != nil {
			return found[1]
		}
	}
	p.t.Fatalf("the log does not say where the node listens\n%s", p.errors)
	return ""
}

// logs waits until a text is in the log.
func (p *process) logs(text string) {
	p.t.Helper()
	for over := time.Now().Add(20 * time.Second); time.Now().Before(over); time.Sleep(pause) {
		if strings.Contains(p.errors.String(), text) {
			return
		}
	}
	p.t.Errorf("the log does not say %q\n%s", text, p.errors)
}

// kill ends the process the hard way, as a power cut would, and waits for that.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.wait()
}

func (p *process) wait() error {
	err, open := <-p.ended
	if open {
		close(p.ended)
	}
	return err
}

// terminate asks the process to end and demands that it does so well.
func (p *process) terminate() {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.wait(); err != nil {
		p.t.Errorf("after SIGTERM: %v\n%s", err, p.errors)
	}
}

// watched is a buffer that can be waited on.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// result is what a program that ran to its end did.
type result struct {
	out, err string
	code     int
}

// run runs a program to its end.
func run(t *testing.T, stdin, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := command(ctx, name, args...)
	withState(t, cmd)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// begin starts a client and does not wait for its end.
func begin(t *testing.T, args ...string) *process {
	t.Helper()
	return beginCommand(t, command(t.Context(), "peer-client", args...))
}

// beginCommand starts a command that runs a client.
func beginCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	withState(t, cmd)
	p := &process{t: t, cmd: cmd, errors: &watched{}, ended: make(chan error, 1)}
	p.cmd.Stderr = p.errors
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(p.kill)
	return p
}
