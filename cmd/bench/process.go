package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startWait = 10 * time.Minute // for a server's ready line: it may have to hash what it shares
	stopWait  = 15 * time.Second // from being told to stop to being killed
	peakEvery = 5 * time.Millisecond
)

// newCommand returns a command that ends with us, whatever ends us, and with ctx: told first, killed later.
func newCommand(ctx context.Context, path string, args ...string) (*exec.Cmd, *tail) {
	command := exec.CommandContext(ctx, path, args...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = stopWait
	endsWithUs(command)
	stderr := &tail{}
	command.Stderr = stderr
	return command, stderr
}

// finish runs a command to its end and returns what that took.
func finish(ctx context.Context, path string, args ...string) (sample, error) {
	command, stderr := newCommand(ctx, path, args...)
	begin := time.Now()
	if err := command.Start(); err != nil {
		return sample{}, err
	}
	peak := watchPeak(command.Process.Pid)
	err := command.Wait()
	s := sample{took: time.Since(begin), peak: peak()}
	if err != nil {
		return s, stderr.explain(path, err)
	}
	s.cpu = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return s, nil
}

// watchPeak looks at a process's peak memory until the returned function is called, which tells it. What the system
// says after a process's end would be wrong here: it counts the moment before the program was loaded, too.
func watchPeak(pid int) func() int64 { return watchMost(pid, peakMemory) }

// watchResident looks at the memory that a process has resident until the returned function is called, which tells the
// most that it was meanwhile.
func watchResident(pid int) func() int64 { return watchMost(pid, residentMemory) }

// watchMost looks at a figure of a process until the returned function is called, which tells the largest.
func watchMost(pid int, figure func(pid int) int64) func() int64 {
	stop, told := make(chan struct{}), make(chan int64)
	go func() {
		most := int64(0)
		tick := time.NewTicker(peakEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, figure(pid))
			case <-stop:
				told <- most
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-told
	}
}

// server is a process that runs until it is stopped.
type server struct {
	*exec.Cmd
	stderr *tail
	ended  chan struct{}
	err    error // once ended
}

// serve starts a server. With ready it waits for a line on the server's standard output that begins so, and returns
// the rest of it.
func serve(ctx context.Context, ready, path string, args ...string) (*server, string, error) {
	command, stderr := newCommand(ctx, path, args...)
	s := &server{Cmd: command, stderr: stderr, ended: make(chan struct{})}
	lines := make(chan string, 1)
	var reading sync.WaitGroup
	if ready != "" {
		out, err := command.StdoutPipe()
		if err != nil {
			return nil, "", err
		}
		reading.Go(func() { await(out, ready, lines) })
	}
	if err := command.Start(); err != nil {
		return nil, "", err
	}
	go func() {
		reading.Wait() // first: Wait closes the pipe
		s.err = command.Wait()
		close(s.ended)
	}()
	if ready == "" {
		return s, "", nil
	}
	select {
	case rest := <-lines:
		return s, rest, nil
	case <-s.ended:
		return nil, "", stderr.explain(path, errors.Join(errors.New("it ended before it was ready"), s.err))
	case <-time.After(startWait):
		return nil, "", errors.Join(fmt.Errorf("%s: not ready after %v", filepath.Base(path), startWait), s.stop())
	}
}

// await tells what follows the word on the first line that begins with it, and reads on to the end.
func await(out io.Reader, word string, lines chan<- string) {
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		if rest, is := strings.CutPrefix(scan.Text(), word); is {
			select {
			case lines <- strings.TrimSpace(rest):
			default:
			}
		}
	}
	io.Copy(io.Discard, out)
}

// stop tells the server to end, and waits for that; one that does not is killed.
func (s *server) stop() error {
	s.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
		return nil
	case <-time.After(stopWait):
		s.Process.Kill()
		<-s.ended
		return s.stderr.explain(s.Path, fmt.Errorf("it did not end within %v of being told to", stopWait))
	}
}

// spent returns a function that tells how much CPU the servers and their children have used since.
func spent(servers ...*server) func() time.Duration {
	sum := func() (all time.Duration) {
		for _, s := range servers {
			all += usedCPU(s.Process.Pid)
		}
		return all
	}
	before := sum()
	return func() time.Duration { return sum() - before }
}

// tail keeps the end of what a process says on its standard error.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const tailSize = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	if over := len(t.last) - tailSize; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return len(p), nil
}

func (t *tail) explain(path string, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Errorf("%s: %w: %s", filepath.Base(path), err, strings.TrimSpace(string(t.last)))
}
