package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// sharingNode starts a relay, and a node with these files and flags.
func sharingNode(t *testing.T, files map[string]string, flags ...string) (relay, node *process) {
	t.Helper()
	relay = start(t, "relay-server", "--host", "127.0.0.1", "0")
	args := append(flags, "--share", folder(t, files), "--index", "-", "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	return relay, start(t, "peer-node", args...)
}

// TestOneUploadAtOnceServesEverybody: several clients, some of which want many files, have all of them in the end.
func TestOneUploadAtOnceServesEverybody(t *testing.T) {
	t.Parallel()
	files := map[string]string{"large": strings.Repeat("0123456789abcdef", 3<<20/16*7)}
	for i := range 200 {
		files[fmt.Sprintf("small/%03d", i)] = strings.Repeat(string(rune('a'+i%26)), 100*i+1)
	}
	relay, _ := sharingNode(t, files, "--uploads", "1")
	var clients []*process
	var outs []string
	for i := range 6 {
		out := t.TempDir()
		args := []string{"--state=-", "-o", out + "/", "127.0.0.1", relay.port, "large"}
		if i%2 == 1 {
			args[len(args)-1] = "small/"
		}
		outs, clients = append(outs, out), append(clients, begin(t, args...))
	}
	for i, client := range clients {
		if err := client.wait(); err != nil {
			t.Errorf("client %d: %v\n%s", i, err, client.errors)
			continue
		}
		for name, content := range files {
			if strings.HasPrefix(name, "small/") != (i%2 == 1) {
				continue
			}
			if got, err := os.ReadFile(filepath.Join(outs[i], filepath.FromSlash(name))); err != nil || string(got) != content {
				t.Errorf("client %d: %s has %d bytes, %v", i, name, len(got), err)
			}
		}
	}
}

// TestAClientWithManyLinksKeepsNobodyOut: it asks for bodies over each of them and takes none, and another client has its
// file before the node lets the first of these links go.
func TestAClientWithManyLinksKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	relay, node := sharingNode(t, map[string]string{"large": strings.Repeat("0123456789abcdef", 1<<20)}, "--uploads", "2")
	greedy := &transport.TLS{Network: transport.TCP{}}
	get := protocol.Append(nil, &protocol.Get{Name: "large"})
	refused := make(chan bool, 40)
	for range cap(refused) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		conn, err := greedy.Dial(ctx, node.ready)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(get); err != nil {
			t.Fatal(err)
		}
		go func() { // the first bytes of what comes: a body, or a refusal
			head := make([]byte, protocol.HeaderSize)
			_, err := io.ReadFull(conn, head)
			refused <- err == nil && protocol.Kind(head[3]) == protocol.KindError
		}()
	}
	if bodyFirst := !<-refused; !bodyFirst {
		t.Error("none of the links has a body")
	}
	if r := run(t, "", "peer-client", "--state=-", "127.0.0.1", relay.port, "large"); r.code != 0 || len(r.out) != 16<<20 {
		t.Errorf("exit %d, %d bytes: %s", r.code, len(r.out), r.err)
	}
	if !<-refused {
		t.Error("a second body went to the same client at once")
	}
}

// TestARateThatClientsDoNotBearIsRefused, and other flags that make no sense; a good one is kept.
func TestARateThatClientsDoNotBearIsRefused(t *testing.T) {
	t.Parallel()
	for args, line := range map[string]string{
		"--upload-rate 1K":                 "1024 bytes a second are too few: a client takes a node that sends less than 8192 for dead",
		"--upload-rate-each 1K":            "1024 bytes a second for each client are too few: it takes a node that sends less than 8192 for dead",
		"--upload-rate 100K --uploads 100": "102400 bytes a second are too few for 100 uploads at once: each needs 8192",
		"--upload-rate much":               `--upload-rate: "much" is no number of bytes, such as 500K, 1.5M or 10M`,
		"--uploads 0":                      "--uploads is at least 1",
	} {
		r := run(t, "", "peer-node", append(strings.Fields(args), "127.0.0.1", "1")...)
		if r.code != 2 || r.err != "peer-node: "+line+"\n" {
			t.Errorf("%s: exit %d, %q", args, r.code, r.err)
		}
	}
	const size, rate = 400_000, 100 << 10
	content := bytes.Repeat([]byte("x"), size)
	relay, _ := sharingNode(t, map[string]string{"a": string(content)}, "--upload-rate", "100K", "--upload-rate-each", "1M")
	began := time.Now()
	r := run(t, "", "peer-client", "--state=-", "127.0.0.1", relay.port, "a")
	if took := time.Since(began); r.code != 0 || r.out != string(content) || took < (size-rate)*time.Second/rate {
		t.Errorf("exit %d, %d bytes after %v: %s", r.code, len(r.out), took, r.err)
	}
}
