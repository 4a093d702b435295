package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo terminal: a program runs on one end, and the other shows what a user sees.
type terminal struct {
	user, program *os.File
	shown         *watched
	over          chan struct{}
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	number, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Skip(err)
	}
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	unix.IoctlSetWinsize(int(user.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	p := &terminal{user, program, &watched{}, make(chan struct{})}
	go func() {
		defer close(p.over)
		buffer := make([]byte, 4096)
		for {
			n, err := user.Read(buffer)
			p.shown.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(p.close)
	return p
}

// close waits until all is shown that was written.
func (p *terminal) close() {
	p.program.Close()
	<-p.over
	p.user.Close()
}

// on starts a client whose standard error, and what else is nil in cmd, is a terminal that controls it.
func (p *terminal) on(t *testing.T, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := command(t.Context(), "peer-client", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.program, p.program, p.program
	withState(t, cmd)
	cmd.Env = append(cmd.Env, environment...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 2}
	return cmd
}

// screen returns what a terminal shows after all that was written to it: it knows the movements
// that a bar needs.
func screen(text string) string {
	rows, row, col := [][]rune{nil}, 0, 0
	for len(text) > 0 {
		switch {
		case strings.HasPrefix(text, "\x1b["):
			var n int
			var command rune
			if strings.HasPrefix(text, "\x1b[J") {
				command = 'J'
			} else {
				fmt.Sscanf(text, "\x1b[%d%c", &n, &command)
			}
			text = text[strings.IndexRune(text, command)+1:]
			switch command {
			case 'A':
				row = max(0, row-n)
			case 'J':
				rows = rows[:row+1]
				rows[row] = rows[row][:min(col, len(rows[row]))]
			}
			continue
		case text[0] == '\r':
			col = 0
		case text[0] == '\n':
			if row++; row == len(rows) {
				rows = append(rows, nil)
			}
		default:
			for len(rows[row]) <= col {
				rows[row] = append(rows[row], ' ')
			}
			rows[row][col] = rune(text[0])
			col++
		}
		text = text[1:]
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, strings.TrimRight(string(row), " "))
	}
	return strings.Join(lines, "\n")
}

func TestAnInterruptTakesTheBarAway(t *testing.T) {
	t.Parallel()
	relay := permissive(t)
	_, way := behind(t, relay, map[string]string{"big": noise(81, 16<<20)})
	for _, environment := range [][]string{{"TERM=xterm", "NO_COLOR="}, {"TERM=dumb"}, {"TERM="}, {"TERM=xterm", "NO_COLOR=1"}} {
		way.hold(6<<20, false)
		p := newTerminal(t)
		cmd := p.on(t, environment, "-o", t.TempDir(), "--relay", relay.ready, "big")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		way.full()
		bars := environment[0] == "TERM=xterm" && len(environment) > 1 && environment[1] == "NO_COLOR="
		if bars {
			eventually(t, 20*time.Second, "there is a bar", func() bool { return strings.Contains(p.shown.String(), "MiB of 16 MiB") })
		}
		p.user.Write([]byte{3}) // Ctrl-C
		cmd.Wait()
		p.close()
		shown := p.shown.String()
		if strings.Contains(shown, "\x1b") != bars {
			t.Errorf("%q: bars %v: %q", environment, bars, shown)
		}
		left := strings.TrimPrefix(screen(shown), "^C\n")
		if lines := strings.Split(left, "\n"); len(lines) != 3 || !strings.HasPrefix(lines[0], "at least ") || lines[1] != "peer-client: interrupted" {
			t.Errorf("%q: the terminal shows\n%s", environment, screen(shown))
		}
	}
}

func TestAFileIsAskedForOnATerminalAlone(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"a": "content\n"})
	p := newTerminal(t)
	cmd := p.on(t, []string{"TERM=xterm"}, "--relay", relay.ready)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "it asks", func() bool { return strings.Contains(p.shown.String(), "File name: ") })
	p.user.Write([]byte("a\n"))
	err := cmd.Wait()
	p.close()
	if text := screen(p.shown.String()); err != nil || text != "File name: a\ncontent\n" {
		t.Errorf("%v, %q", err, text)
	}
	p = newTerminal(t)
	cmd = p.on(t, nil, "--relay", relay.ready) // its question would not be seen
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr, cmd.SysProcAttr.Ctty = log, 0
	cmd.Run()
	text, _ := os.ReadFile(log.Name())
	if cmd.ProcessState.ExitCode() != 2 || !strings.HasPrefix(string(text), "peer-client: no file is named: ") {
		t.Errorf("%v, %q", cmd.ProcessState, text)
	}
}

// TestAnInterruptEndsWaiting: in each way of waiting, with nothing but that.
func TestAnInterruptEndsWaiting(t *testing.T) {
	t.Parallel()
	state, port := t.TempDir(), freePort(t)
	relay := remembering(t, state, port, time.Minute)
	doomed := node(t, relay, map[string]string{"a": "1"})
	marked(t, state, port, 1)
	doomed.kill()
	relay.kill()
	relay = remembering(t, state, port, time.Minute)
	for _, args := range []string{"a", "-o DIR a", "-o DIR a b", "-o DIR z*", "-o DIR a z*", "a b", "--list", "--list z*", "--who a", "--hash 1234 a", "--hash " + hashOf("1"), "--json a", "--json -o DIR a"} {
		for _, environment := range []string{"TERM=xterm", "TERM=dumb"} {
			p := newTerminal(t)
			words := append([]string{"--wait", "--relay", relay.ready}, strings.Fields(strings.ReplaceAll(args, "DIR", t.TempDir()))...)
			cmd := p.on(t, []string{environment, "NO_COLOR="}, words...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, 20*time.Second, args+": it says what it waits for", func() bool {
				return strings.Contains(p.shown.String(), "waiting") && strings.Contains(p.shown.String(), "the relay was restarted")
			})
			p.user.Write([]byte{3}) // Ctrl-C
			cmd.Wait()
			p.close()
			shown := screen(p.shown.String())
			if code := cmd.ProcessState.ExitCode(); code != 130 || strings.Contains(shown, "not found") || strings.Contains(shown, "there may be more") {
				t.Errorf("%s, %s: exit %d: %s", args, environment, code, shown)
			}
			if json := strings.HasPrefix(args, "--json"); !json && !strings.HasSuffix(shown, "peer-client: interrupted\n") || json && !strings.Contains(shown, `"exit_code":130`) {
				t.Errorf("%s, %s: the terminal shows\n%s", args, environment, shown)
			}
		}
	}
}
