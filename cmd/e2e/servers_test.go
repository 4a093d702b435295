package e2e

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestNodesComeBackToARestartedRelay(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	relay := start(t, "relay-server", "--host", "127.0.0.1", "--ttl", "3s", port)
	start(t, "peer-node", "--share", folder(t, map[string]string{"a": "1"}), "--listen", "127.0.0.1:0", "127.0.0.1", port)
	relay.kill()
	start(t, "relay-server", "--host", "127.0.0.1", "--ttl", "3s", port)
	eventually(t, 5*time.Second, "the node is listed again", func() bool {
		return run(t, "", "peer-client", "127.0.0.1", port, "a").code == 0
	})
}

func TestANodeThatIsToldToStopIsGoneAtOnce(t *testing.T) {
	t.Parallel()
	relay, nodes := network(t, "127.0.0.1", map[string]string{"a": "1"}, map[string]string{"b": "2"})
	nodes[0].terminate()
	r := run(t, "", "peer-client", "127.0.0.1", relay.port, "a")
	if r.code != 3 || !strings.Contains(r.err, "no node has \"a\"") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	nodes[1].terminate()
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "a"); r.code != 3 || !strings.Contains(r.err, "no node is registered") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	relay.terminate()
}

func TestTwoNodesWithOneIDTheNewestWins(t *testing.T) {
	t.Parallel()
	relay := start(t, "relay-server", "--plain", "--host", "127.0.0.1", "--ttl", "3s", "0")
	id := strings.Repeat("0f", 32)
	older := start(t, "peer-node", "--plain", "--id", id, "--share", folder(t, map[string]string{"a": "old"}), "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	start(t, "peer-node", "--plain", "--id", id, "--share", folder(t, map[string]string{"a": "new"}), "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	if r := run(t, "", "peer-client", "--plain", "127.0.0.1", relay.port, "a"); r.out != "new" {
		t.Errorf("exit %d, printed %q: %s", r.code, r.out, r.err)
	}
	if err := older.wait(); err == nil || !strings.Contains(older.errors.String(), "another node has registered") {
		t.Errorf("the older node ended with %v\n%s", err, older.errors)
	}
}

func TestANodeSuspectsANodeThatItTakesForARelay(t *testing.T) {
	t.Parallel()
	_, nodes := network(t, "127.0.0.1", nil)
	ctx, enough := context.WithTimeout(t.Context(), 20*time.Second)
	defer enough()
	lost := command(ctx, "peer-node", "--share", t.TempDir(), "--index", "-", "--listen", "127.0.0.1:0", "127.0.0.1", nodes[0].port)
	if !logs(t, enough, lost, `code=unexpected by=node why="this is no relay; is it a peer node?"`) {
		t.Error("the node never said that the relay may be a node")
	}
}

func TestANodeSaysThatItsRelayIsAway(t *testing.T) {
	t.Parallel()
	ctx, enough := context.WithTimeout(t.Context(), 20*time.Second)
	defer enough()
	if !logs(t, enough, command(ctx, "peer-node", "--share", t.TempDir(), "--index", "-", "--listen", "127.0.0.1:0", "127.0.0.1", "1"), "connection refused") {
		t.Error("the node never said that nobody listens there")
	}
}

// says starts a server and reports whether it says something on standard error before its context ends. It is ended then.
func logs(t *testing.T, enough context.CancelFunc, server *exec.Cmd, text string) (found bool) {
	t.Helper()
	out, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); !found && lines.Scan(); {
		found = strings.Contains(lines.Text(), text)
	}
	enough()
	server.Wait()
	return found
}
