package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keeping returns the flag that has a program keep its state in a new folder, and that folder.
func keeping(t *testing.T) (flag, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "state")
	return "--state=" + dir, dir
}

func TestARelayIsMetOnceAndThenKnown(t *testing.T) {
	t.Parallel()
	relayState, _ := keeping(t)
	clientState, dir := keeping(t)
	port := freePort(t)
	relay := start(t, "relay-server", relayState, "--host", "127.0.0.1", port)
	id := idOf(t, "relay-server", relayState).String()
	start(t, "peer-node", "--state=-", "--share", folder(t, map[string]string{"a": "1"}), "--listen", "127.0.0.1:0", "127.0.0.1", port)
	first := run(t, "", "peer-client", clientState, "127.0.0.1", port, "a")
	if first.code != 0 || first.out != "1" || first.err != "the relay 127.0.0.1:"+port+" is met for the first time: its id is "+id+"\n" {
		t.Errorf("exit %d: %q, %s", first.code, first.out, first.err)
	}
	if again := run(t, "", "peer-client", clientState, "127.0.0.1", port, "a"); again.code != 0 || again.err != "" {
		t.Errorf("exit %d: %s", again.code, again.err)
	}
	if told := run(t, "", "peer-client", clientState, "--strict", "--relay-id", id, "127.0.0.1", port, "a"); told.code != 0 || told.err != "" {
		t.Errorf("exit %d: %s", told.code, told.err)
	}
	relay.terminate()
	otherState, _ := keeping(t)
	start(t, "relay-server", otherState, "--host", "127.0.0.1", port)
	other := idOf(t, "relay-server", otherState).String()
	for _, args := range [][]string{{"a"}, {"--list"}, {"--who", "a"}, {"-o", t.TempDir(), "a", "b*"}} {
		r := run(t, "", "peer-client", append([]string{clientState, "127.0.0.1", port}, args...)...)
		if r.code != 4 || r.out != "" || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: exit %d: %q, %s", args, r.code, r.out, r.err)
		}
		for _, says := range []string{"relay-changed", id, other, filepath.Join(dir, "known_relays") + ", line 1", "peer-client forget --state " + dir + " 127.0.0.1:" + port} {
			if !strings.Contains(r.err, says) {
				t.Errorf("%q: %s does not say %s", args, r.err, says)
			}
		}
	}
	if r := run(t, "", "peer-client", clientState, "--plain", "127.0.0.1", port, "a"); r.code != 4 || !strings.Contains(r.err, "relay-changed") || !strings.Contains(r.err, "leave out --plain") || strings.Count(r.err, "\n") != 1 {
		t.Errorf("in plain: exit %d: %s", r.code, r.err)
	}
	if r := run(t, "", "peer-node", clientState, "--log-level", "off", "--share", t.TempDir(), "--listen", "127.0.0.1:0", "127.0.0.1", port); r.code != 4 || !strings.Contains(r.err, "relay-changed") || !strings.Contains(r.err, "forget") {
		t.Errorf("a node: exit %d: %s", r.code, r.err)
	}
	if r := run(t, "", "peer-client", "forget", clientState, "127.0.0.1:"+port); r.code != 0 {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	if r := run(t, "", "peer-client", clientState, "127.0.0.1", port, "a"); r.code != 3 || !strings.Contains(r.err, other) {
		t.Errorf("after it was forgotten: exit %d: %s", r.code, r.err)
	}
}

func TestWhatIsSaidOfTrustMakesSense(t *testing.T) {
	t.Parallel()
	state, dir := keeping(t)
	relay := start(t, "relay-server", state, "--host", "127.0.0.1", "0")
	id := idOf(t, "peer-node", state, "--share", t.TempDir()).String()
	for _, x := range []struct {
		args string
		code int
		says string
	}{
		{"--strict", 4, "relay-unknown (the client: its id is not known, and is to be); --relay-id ID"},
		{"--relay-id " + id, 4, "relay-changed"},
		{"--relay-id " + id, 4, "is not the one that --relay-id names"},
		{"--relay-id nonsense", 2, "--relay-id: an id has 56 characters"},
		{"--relay-id " + strings.ToUpper(id), 2, "--relay-id: an id is in lower case"},
		{"--plain", 4, "tls-required"},
		{"--plain", 4, "leave out --plain"},
		{"--plain --strict", 2, "--plain: a relay proves nothing in plain"},
		{"--plain --relay-id " + id, 2, "--plain: a relay proves nothing in plain"},
	} {
		args := append(strings.Fields("--state "+dir+" "+x.args), "127.0.0.1", relay.port, "a")
		if r := run(t, "", "peer-client", args...); r.code != x.code || r.out != "" || !strings.Contains(r.err, x.says) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%s: exit %d, %q, %s", x.args, r.code, r.out, r.err)
		}
	}
	r := run(t, "", "peer-node", "--id", strings.Repeat("0f", 32), "127.0.0.1", relay.port)
	if r.code != 2 || !strings.Contains(r.err, "--id is for --plain alone") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
}

// answering serves every connection until the test ends, and returns where.
func answering(t *testing.T, serve func(net.Conn)) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(20 * time.Second))
				serve(conn)
			}()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-over
	})
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

// certificate returns a self-signed certificate of another kind of key than ours.
func certificate(t *testing.T, key any, public any) tls.Certificate {
	t.Helper()
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, of, of, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}
}

// TestWhatIsNoRelayIsNamedInOneLine, at once, and with what to do where there is something.
func TestWhatIsNoRelayIsNamedInOneLine(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	overTLS := func(config *tls.Config) func(net.Conn) {
		return func(conn net.Conn) {
			server := tls.Server(conn, config)
			if server.Handshake() == nil {
				io.Copy(io.Discard, server)
			}
		}
	}
	ours, ec := []string{"relaypeer/1"}, certificate(t, ecKey, &ecKey.PublicKey)
	plain := start(t, "relay-server", "--plain", "--host", "127.0.0.1", "0")
	for name, x := range map[string]struct {
		port string
		says string
	}{
		"a relay in plain": {plain.port, "with --plain it is asked so"},
		"HTTP": {answering(t, func(conn net.Conn) {
			io.ReadFull(conn, make([]byte, 16))
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}), "no-peer (the client: it answers in HTTP"},
		"garbage": {answering(t, func(conn net.Conn) {
			io.ReadFull(conn, make([]byte, 16))
			io.WriteString(conn, "SSH-2.0-OpenSSH_9.6 and more\r\n")
		}), "no-peer"},
		"an RSA key":   {answering(t, overTLS(&tls.Config{NextProtos: ours, Certificates: []tls.Certificate{certificate(t, rsaKey, &rsaKey.PublicKey)}})), "RSA"},
		"an ECDSA key": {answering(t, overTLS(&tls.Config{NextProtos: ours, Certificates: []tls.Certificate{ec}})), "ECDSA"},
		"TLS 1.2":      {answering(t, overTLS(&tls.Config{MaxVersion: tls.VersionTLS12, NextProtos: ours, Certificates: []tls.Certificate{ec}})), "TLS 1.2"},
		"another ALPN": {answering(t, overTLS(&tls.Config{NextProtos: []string{"h2"}, Certificates: []tls.Certificate{ec}})), "no-peer"},
	} {
		begin := time.Now()
		r := run(t, "", "peer-client", "--state=-", "127.0.0.1", x.port, "a")
		if r.code != 4 || r.out != "" || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, x.says) {
			t.Errorf("%s: exit %d, %q, %s", name, r.code, r.out, r.err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: it took %v", name, took)
		}
		t.Logf("%s: %s", name, r.err)
	}
}

// TestANodeWhoseKeyAnotherMachineHasEndsWith7, as after cloning a disk.
func TestANodeWhoseKeyAnotherMachineHasEndsWith7(t *testing.T) {
	t.Parallel()
	relay := start(t, "relay-server", "--state=-", "--host", "127.0.0.1", "--ttl", "3s", "0")
	shared := folder(t, map[string]string{"a": "1"})
	flag, dir := keeping(t)
	older := start(t, "peer-node", flag, "--share", shared, "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	cloneFlag, clone := keeping(t)
	if err := os.CopyFS(clone, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(clone, 0o700); err != nil {
		t.Fatal(err)
	}
	keys, err := filepath.Glob(filepath.Join(clone, "*.pem"))
	if err != nil || len(keys) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	if err := os.Chmod(keys[0], 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, "peer-node", cloneFlag, "--share", shared, "--index=-", "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	older.wait()
	if code := older.cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit %d: %s", code, older.errors)
	}
}

// TestTwoNodesOfOneFolderHaveTwoKeys: the second one says that it has one for this run alone.
func TestTwoNodesOfOneFolderHaveTwoKeys(t *testing.T) {
	t.Parallel()
	relay := start(t, "relay-server", "--state=-", "--host", "127.0.0.1", "0")
	shared := folder(t, map[string]string{"a": "1"})
	flag, _ := keeping(t)
	args := []string{flag, "--share", shared, "--index=-", "--listen", "127.0.0.1:0", "127.0.0.1", relay.port}
	start(t, "peer-node", args...)
	second := start(t, "peer-node", args...)
	if !strings.Contains(second.errors.String(), "another node shares the same and has its key") {
		t.Error(second.errors)
	}
	eventually(t, 10*time.Second, "both are listed", func() bool {
		return strings.Count(run(t, "", "peer-client", "--state=-", "--who", "127.0.0.1", relay.port, "a").out, "\n") == 2
	})
}
