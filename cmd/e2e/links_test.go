//go:build unix

package e2e

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// withFiles returns a command that may have so many files open.
func withFiles(t *testing.T, files, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(t.Context(), "sh", append([]string{"-c", `ulimit ` + files + ` && exec "$0" "$@"`, filepath.Join(programs, name)}, args...)...)
}

// TestALinkAboveTheOpenFilesIsToldBusy: a server that the system allows few files has fewer links
// than it was asked for, says so, and refuses every other one in words.
func TestALinkAboveTheOpenFilesIsToldBusy(t *testing.T) {
	t.Parallel()
	relay := startCommand(t, withFiles(t, "-n 64", "relay-server", "--plain", "--host", "127.0.0.1", "0"))
	node := startCommand(t, withFiles(t, "-n 64", "peer-node", "--plain", "--share", folder(t, map[string]string{"a": "1"}), "--index", "-", "--listen", "127.0.0.1:0", "127.0.0.1", relay.port))
	for _, server := range []*process{node, relay} {
		eventually(t, 5*time.Second, "it says that there are fewer links", func() bool {
			return strings.Contains(server.errors.String(), "max_links=") && strings.Contains(server.errors.String(), "open_files=64")
		})
		var conns []net.Conn
		busy, silent := 0, 0
		for range 100 {
			conn, err := net.Dial("tcp", server.ready)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conns = append(conns, conn)
		}
		for _, conn := range conns {
			conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			head := make([]byte, protocol.HeaderSize)
			switch _, err := io.ReadFull(conn, head); {
			case err == nil && protocol.Kind(head[3]) == protocol.KindError:
				busy++
			default:
				silent++
			}
		}
		if silent > 15 || busy < 85 {
			t.Errorf("%s: %d of 100 links were told busy, %d wait\n%s", filepath.Base(server.cmd.Path), busy, silent, server.errors)
		}
		for _, conn := range conns {
			conn.Close()
		}
	}
	eventually(t, 20*time.Second, "there is room again", func() bool {
		return run(t, "", "peer-client", "--plain", "127.0.0.1", relay.port, "a").code == 0
	})
	if strings.Contains(relay.errors.String(), "too many open files") || strings.Contains(node.errors.String(), "too many open files") {
		t.Error("the descriptors ran out")
	}
}

// TestWhoIsInsideHasDescriptorsWhenTheyRunOut: others hold most descriptors of a node, of which it knows
// nothing. Newcomers are told busy before it has none left, and whoever is inside still has files opened.
func TestWhoIsInsideHasDescriptorsWhenTheyRunOut(t *testing.T) {
	t.Parallel()
	relay := start(t, "relay-server", "--plain", "--host", "127.0.0.1", "0")
	cmd := withFiles(t, "-n 64", "peer-node", "--plain", "--share", folder(t, map[string]string{"a": "1"}), "--index", "-", "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	for range 30 {
		held, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer held.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, held)
	}
	node := startCommand(t, cmd)
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", node.ready)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		return conn
	}
	inside := dial()
	gets(t, inside, "a")
	var conns []net.Conn
	for range 60 {
		conns = append(conns, dial())
	}
	busy := 0
	for _, conn := range conns {
		conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		head := make([]byte, protocol.HeaderSize)
		if _, err := io.ReadFull(conn, head); err == nil && protocol.Kind(head[3]) == protocol.KindError {
			busy++
		}
	}
	if busy < 45 {
		t.Errorf("%d of 60 newcomers were told busy\n%s", busy, node.errors)
	}
	gets(t, inside, "a")
	if strings.Contains(node.errors.String(), "too many open files") {
		t.Errorf("the descriptors ran out\n%s", node.errors)
	}
}

// gets asks for a file of a byte over a link, and takes it.
func gets(t *testing.T, conn net.Conn, name string) {
	t.Helper()
	conn.Write(protocol.Append(nil, &protocol.Get{Name: name}))
	var got []byte
	for {
		var b [1]byte
		if _, err := io.ReadFull(conn, b[:]); err != nil {
			t.Fatal(err)
		}
		got = append(got, b[0])
		m, _, err := protocol.Decode(got)
		if m == nil && err == nil {
			continue
		}
		content, is := m.(*protocol.Content)
		if !is || content.Length != 1 {
			t.Fatalf("answered with %+v, %v", m, err)
		}
		io.ReadFull(conn, b[:])
		return
	}
}

// TestHandshakesLeaveAServerItsOpenFiles: connections that do not end their handshake take no descriptor
// that others need, and an honest client gets through.
func TestHandshakesLeaveAServerItsOpenFiles(t *testing.T) {
	t.Parallel()
	relay := startCommand(t, withFiles(t, "-n 80", "relay-server", "--state=-", "--host", "127.0.0.1", "0"))
	node := startCommand(t, withFiles(t, "-n 80", "peer-node", "--state=-", "--share", folder(t, map[string]string{"a": "1"}), "--index", "-", "--listen", "127.0.0.1:0", "127.0.0.1", relay.port))
	for _, server := range []*process{node, relay} {
		for range 100 {
			conn, err := net.Dial("tcp", server.ready)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
		}
	}
	if r := run(t, "", "peer-client", "--state=-", "127.0.0.1", relay.port, "a"); r.code != 0 || r.out != "1" {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	if strings.Contains(relay.errors.String(), "too many open files") || strings.Contains(node.errors.String(), "too many open files") {
		t.Errorf("the descriptors ran out\n%s\n%s", relay.errors, node.errors)
	}
}

// TestTheSoftLimitOfOpenFilesIsRaised: what the system allows beyond it need not be asked for.
func TestTheSoftLimitOfOpenFilesIsRaised(t *testing.T) {
	t.Parallel()
	relay := startCommand(t, withFiles(t, "-S -n 64", "relay-server", "--host", "127.0.0.1", "--max-links", "100", "0"))
	relay.terminate()
	if strings.Contains(relay.errors.String(), "open_files=64") {
		t.Error(relay.errors)
	}
}
