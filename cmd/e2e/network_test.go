package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// network starts a relay and a node for each set of files.
func network(t *testing.T, host string, shares ...map[string]string) (relay *process, nodes []*process) {
	t.Helper()
	relay = start(t, "relay-server", "--host", host, "--ttl", "3s", "0")
	for _, files := range shares {
		nodes = append(nodes, start(t, "peer-node", "--share", folder(t, files), "--listen", net.JoinHostPort(host, "0"), host, relay.port))
	}
	return relay, nodes
}

// noise returns bytes that do not repeat, the same ones for the same seed.
func noise(seed uint64, size int) string {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return string(b)
}

func hashOf(text string) string {
	var values []protocol.Hash
	for at := 0; at < len(text); at += protocol.GroupSize {
		group := []byte(text[at:min(at+protocol.GroupSize, len(text))])
		values = append(values, content.ChainingValue(uint64(len(values)), group, len(text) <= protocol.GroupSize))
	}
	hash, _ := content.Build(values)
	return hash.String()
}

// behind starts a node that can be reached through a strait only.
func behind(t *testing.T, relay *process, files map[string]string, args ...string) (*process, *strait) {
	t.Helper()
	s := newStrait(t)
	args = append(args, "--share", folder(t, files), "--listen", "127.0.0.1:0", "--advertise", "127.0.0.1:"+s.port)
	args = append(args, relay.named()...)
	node := start(t, "peer-node", args...)
	s.open(node.listens())
	return node, s
}

func node(t *testing.T, relay *process, files map[string]string, args ...string) *process {
	t.Helper()
	return start(t, "peer-node", append(append(args, "--share", folder(t, files), "--listen", "127.0.0.1:0"), relay.named()...)...)
}

func permissive(t *testing.T) *process {
	t.Helper()
	return start(t, "relay-server", "--host", "127.0.0.1", "--ttl", "3s", "--allow-advertise", "0")
}

// permissivePlain starts a relay in plain: over TLS nobody on the way can change what a node sends.
func permissivePlain(t *testing.T) *process {
	t.Helper()
	relay := start(t, "relay-server", "--plain", "--host", "127.0.0.1", "--ttl", "3s", "--allow-advertise", "0")
	relay.plain = true
	return relay
}

// named returns the arguments by which a relay is dialed.
func (p *process) named() []string {
	if p.plain {
		return []string{"--plain", "127.0.0.1", p.port}
	}
	return []string{"127.0.0.1", p.port}
}

// published waits until the relay lists so many contents, and knows all that its nodes have.
func published(t *testing.T, relay *process, contents int) {
	t.Helper()
	eventually(t, 20*time.Second, fmt.Sprintf("%d contents are published", contents), func() bool {
		r := run(t, "", "peer-client", "--list", "127.0.0.1", relay.port)
		return r.code == 0 && strings.Count(r.out, "\n") >= contents
	})
}

func same(t *testing.T, path, text string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("%s: %d bytes instead of %d, or others: %v", path, len(got), len(text), err)
	}
}

func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, entry := range entries {
		there = append(there, entry.Name())
	}
	if strings.Join(there, " ") != strings.Join(names, " ") {
		t.Errorf("in %s lie %q instead of %q", dir, there, names)
	}
}

// tree lists the files below a folder, sorted.
func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
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

// pause is the time between two looks at the same: looking without one takes the programs' processor.
const pause = 10 * time.Millisecond

// eventually asks again until it is so.
func eventually(t *testing.T, within time.Duration, what string, is func() bool) {
	t.Helper()
	limit := time.Now().Add(within)
	for !is() {
		if time.Now().After(limit) {
			t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(pause)
	}
}
