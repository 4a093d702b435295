package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
)

// hostileRelay serves a relay that answers requests as it likes, and returns its arguments for a client.
func hostileRelay(t *testing.T, answer func(to io.Writer, request protocol.Message) error) []string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		all.Wait()
	})
	all.Go(func() {
		for link, err := listener.Accept(); err == nil; link, err = listener.Accept() {
			all.Go(func() {
				defer link.Close()
				head := make([]byte, protocol.HeaderSize)
				for {
					if _, err := io.ReadFull(link, head); err != nil {
						return
					}
					frame := append(bytes.Clone(head), make([]byte, binary.BigEndian.Uint32(head[4:]))...)
					if _, err := io.ReadFull(link, frame[len(head):]); err != nil {
						return
					}
					if request, _, err := protocol.Decode(frame); err != nil || answer(link, request) != nil {
						return
					}
				}
			})
		}
	})
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return []string{"--plain", "127.0.0.1", port}
}

func send(to io.Writer, m protocol.Message, pairs ...string) error {
	_, err := io.WriteString(to, strings.NewReplacer(pairs...).Replace(string(protocol.Append(nil, m))))
	return err
}

// mostResident bounds the memory of a client, whatever a relay sends.
const mostResident = 200 << 20

var resident = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// residentPeak returns the most memory that a process has had at once, or 0 where it is over.
func residentPeak(p *process) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.program()))
	found := resident.FindSubmatch(text)
	if found == nil {
		return 0
	}
	kB, _ := strconv.Atoi(string(found[1]))
	return kB << 10
}

// TestAnEndlessListTakesConstantMemory: a relay lists names for ever. The client sorts them in a
// temporary file, can be stopped at any time, and leaves nothing.
func TestAnEndlessListTakesConstantMemory(t *testing.T) {
	t.Parallel()
	n, pages := uint32(0), make(chan struct{}, 1<<20)
	relay := hostileRelay(t, func(to io.Writer, _ protocol.Message) error {
		m := &protocol.Listed{Cursor: []byte{1}}
		for range protocol.MaxPage {
			n++
			m.Items = append(m.Items, protocol.Item{Name: fmt.Sprintf("%08x/%s/%d", n*2654435761, strings.Repeat("n", 220), n), Hash: protocol.Hash{1}, Count: 1})
		}
		pages <- struct{}{}
		return send(to, m)
	})
	folder := t.TempDir()
	cmd := command(t.Context(), "peer-client", append(relay, "--list")...)
	cmd.Env = append(os.Environ(), "TMPDIR="+folder)
	p := beginCommand(t, cmd)
	for range 400 { // 100 MB of names
		<-pages
	}
	peak := residentPeak(p)
	p.cmd.Process.Signal(syscall.SIGINT)
	p.wait()
	if code := p.cmd.ProcessState.ExitCode(); code != cli.ExitInterrupted || p.errors.String() != "peer-client: interrupted\n" {
		t.Errorf("exit %d: %s", code, p.errors)
	}
	if peak > mostResident && !raced {
		t.Errorf("%d MiB", peak>>20)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v in the temporary folder, %v", left, err)
	}
}

// TestBadNamesOfARelayAreLeftOut: of a list those alone, and nothing else goes wrong.
func TestBadNamesOfARelayAreLeftOut(t *testing.T) {
	t.Parallel()
	relay := hostileRelay(t, func(to io.Writer, request protocol.Message) error {
		if _, list := request.(*protocol.List); !list {
			return send(to, &protocol.Located{Peers: []protocol.Peer{{Host: protocol.IP("ABCD"), Port: 9}}}, "ABCD", "\x00\x00\x00\x00")
		}
		m := &protocol.Listed{}
		for _, name := range []string{"xx/.ssh/keys", "good", "yyname", "other"} {
			m.Items = append(m.Items, protocol.Item{Name: name, Size: 1, Hash: protocol.Hash{1}, Count: 1})
		}
		return send(to, m, "xx/", "../", "yy", "\x1b[")
	})
	r := run(t, "", "peer-client", append(relay, "--list")...)
	if r.code != 0 || strings.Count(r.out, "\n") != 2 || !strings.Contains(r.out, "good") || !strings.Contains(r.out, "other") {
		t.Errorf("exit %d: %q, %s", r.code, r.out, r.err)
	}
	if !strings.Contains(r.err, "the relay's answer has bad entries: left_out=2") {
		t.Errorf("the list says %q", r.err)
	}
	r = run(t, "", "peer-client", append(relay, "a")...)
	if r.code != cli.ExitFailure || !strings.HasSuffix(r.err,
		"peer-client: \"a\" was not found, but not every node could be asked: 1 entry of the relay's answer could not be used\n") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
}

// TestARelayThatNamesNobodyForEverIsLeft by a client that wants one file.
func TestARelayThatNamesNobodyForEverIsLeft(t *testing.T) {
	t.Parallel()
	relay := hostileRelay(t, func(to io.Writer, _ protocol.Message) error {
		return send(to, &protocol.Located{Cursor: []byte{1}})
	})
	r := run(t, "", "peer-client", append(relay, "a")...)
	if r.code != cli.ExitFailure || r.err !=
		"peer-client: \"a\" was not found, but not every node could be asked: the relay names more nodes than are asked\n" {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
}

// TestARelayThatTricklesIsLeft: an answer that comes byte by byte is none.
func TestARelayThatTricklesIsLeft(t *testing.T) {
	t.Parallel()
	relay := hostileRelay(t, func(to io.Writer, request protocol.Message) error {
		page := protocol.Message(&protocol.Located{Cursor: bytes.Repeat([]byte{1}, protocol.CursorSize)})
		if _, list := request.(*protocol.List); list {
			page = &protocol.Listed{Cursor: bytes.Repeat([]byte{1}, protocol.CursorSize)}
		}
		for _, b := range protocol.Append(nil, page) {
			if _, err := to.Write([]byte{b}); err != nil {
				return err
			}
			time.Sleep(500 * time.Millisecond)
		}
		return nil
	})
	for _, args := range [][]string{{"a"}, {"--list"}} {
		start := time.Now()
		r := run(t, "", "peer-client", append(relay, args...)...)
		if r.code != cli.ExitNoRelay || !strings.Contains(r.err, "could not be asked: timeout (the client: no answer in time)") || time.Since(start) > 40*time.Second {
			t.Errorf("%q: exit %d after %v: %s", args, r.code, time.Since(start), r.err)
		}
	}
}
