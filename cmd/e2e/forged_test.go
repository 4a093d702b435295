package e2e

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// forged is a text that would look like a line of a log, and like the end of one, if it came through as it is.
const forged = "no\n2001-01-01T00:00:00.000Z [INFO]  peer-node: forged\r\n\x1b[2Jforged: yes\u202e\u0085forged"

// says serves a peer in plain that refuses whatever it is asked with the forged text, until the test ends.
func says(t *testing.T, by protocol.Party, code protocol.Code) (port string) {
	t.Helper()
	return answering(t, func(conn net.Conn) {
		if _, err := conn.Read(make([]byte, 4096)); err == nil {
			conn.Write(protocol.Append(nil, &protocol.Error{Code: code, By: by, Text: forged}))
			conn.(*net.TCPConn).CloseWrite()
			conn.Read(make([]byte, 4096))
		}
	})
}

// tells sends a peer in plain a message that nobody expects, with the forged text.
func tells(t *testing.T, at string) {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	conn.Write(protocol.Append(nil, &protocol.Error{Code: protocol.Denied, By: protocol.Client, Text: forged}))
	conn.Read(make([]byte, 4096))
}

// sound fails if a text has a line, or a control character, that a peer has made.
func sound(t *testing.T, who, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "2001-01-01") || strings.HasPrefix(line, "forged") || strings.ContainsAny(line, "\x1b\r\u202e\u0085") {
			t.Errorf("%s shows a line that it was told: %q", who, line)
		}
	}
}

// TestNobodyForgesALine: not in a log, not on a terminal, and not in JSON, at whatever level.
func TestNobodyForgesALine(t *testing.T) {
	t.Parallel()
	for _, code := range []protocol.Code{protocol.Denied, protocol.Limit, protocol.Internal} {
		host, port := "127.0.0.1", says(t, protocol.Relay, code)
		for _, args := range [][]string{{host, port, "a"}, {"-v", "--log-level", "trace", host, port, "a"}, {"--json", host, port, "a"}, {"--list", host, port}, {"--who", host, port, "a"}} {
			r := run(t, "", "peer-client", append([]string{"--plain"}, args...)...)
			sound(t, "peer-client", r.out+r.err)
		}
		if code == protocol.Denied { // which ends it
			r := run(t, "", "peer-node", "--plain", "--log-level", "trace", "--share", t.TempDir(), "--listen", "127.0.0.1:0", host, port)
			sound(t, "peer-node", r.out+r.err)
		}
	}
	relay := start(t, "relay-server", "--plain", "--log-level", "trace", "--host", "127.0.0.1", "0")
	node := start(t, "peer-node", "--plain", "--log-level", "trace", "--share", folder(t, map[string]string{"a": "1"}), "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	tells(t, relay.ready)
	tells(t, node.ready)
	relay.terminate()
	node.terminate()
	sound(t, "relay-server", relay.errors.String())
	sound(t, "peer-node", node.errors.String())
}
