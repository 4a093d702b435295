package browser

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long anything may take before its test fails.
const patience = 30 * time.Second

// process is a program that runs.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	log   *text
	ready string // what its ready line says
	ended chan struct{}
}

// text is what a program has written so far.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (x *text) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(b)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

// start runs a program until the test ends, and waits for its ready line. All programs of a test have one
// state folder.
func start(t *testing.T, state, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(filepath.Join(programs, name), args...), log: &text{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+state)
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1)
	go func() {
		defer close(p.ended)
		line, _ := bufio.NewReader(out).ReadString('\n')
		lines <- line
		io.Copy(io.Discard, out)
		p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	select {
	case line := <-lines:
		is := false
		if p.ready, is = strings.CutPrefix(strings.TrimSpace(line), "ready "); !is {
			t.Fatalf("%s said %q\n%s", name, line, p.log)
		}
	case <-time.After(patience):
		t.Fatalf("%s is not ready\n%s", name, p.log)
	}
	return p
}

// port returns the port of the ready line.
func (p *process) port() string {
	at, _, _ := strings.Cut(p.ready, " ")
	_, port, _ := net.SplitHostPort(at)
	return port
}

var pageAt = regexp.MustCompile(`https?://127\.0\.0\.1:\d+/\S*`)

// page returns the address of the page that a program serves, as its log says.
func (p *process) page() string {
	p.t.Helper()
	for over := time.Now().Add(patience); time.Now().Before(over); time.Sleep(10 * time.Millisecond) {
		if found := pageAt.FindString(p.log.String()); found != "" {
			return found
		}
	}
	p.t.Fatalf("the log does not say where the page is\n%s", p.log)
	return ""
}

// kill ends the process the hard way, as a power cut would, and waits for that.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}
