package program_test

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
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/goleak"

	"github.com/relaypeer/relaypeer/cmd/program"
)

// The tests run the real programs as processes: this test binary, told by its environment which one to be.
const beProgram = "RELAYPEER_TEST_PROGRAM"

func TestMain(m *testing.M) {
	commands := map[string]func() *cobra.Command{
		"relay-server": func() *cobra.Command { return program.RelayCommand(os.Stdout, os.Stderr) },
		"peer-node":    func() *cobra.Command { return program.NodeCommand(os.Stdout, os.Stderr) },
		"peer-client":  func() *cobra.Command { return program.ClientCommand(os.Stdin, os.Stdout, os.Stderr) },
		"demo":         func() *cobra.Command { return program.DemoCommand(os.Stdout, os.Stderr) },
	}
	if command, is := commands[os.Getenv(beProgram)]; is {
		os.Exit(program.Main(command()))
	}
	caches, err := os.MkdirTemp("", "relaypeer-test-*") // where nodes keep their indexes
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", caches)
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(caches)
		os.Exit(code)
	}))
}

// process is a program that runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	errors *watched
	ready  string // host:port of the ready line
	port   string
	ended  chan error
}

func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), beProgram+"="+name)
	return cmd
}

// start runs a server program until the test ends, and waits for its ready line.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: command(t.Context(), name, args...), errors: &watched{}, ended: make(chan error, 1)}
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
		p.ready = at
		_, p.port, _ = net.SplitHostPort(at)
	case <-time.After(20 * time.Second):
		t.Fatalf("%s is not ready\n%s", name, p.errors)
	}
	return p
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
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// folder makes a folder with files of the given names and contents.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// eventually asks again until it is so.
func eventually(t *testing.T, within time.Duration, what string, is func() bool) {
	t.Helper()
	limit := time.Now().Add(within)
	for !is() {
		if time.Now().After(limit) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}
