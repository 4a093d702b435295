package e2e

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A node's index may be damaged in any way, at rest or while the node runs: the node serves what is
// there, ends when it is told to, and has a sound index afterwards.
func TestADamagedIndexDoesNotHarmItsNode(t *testing.T) {
	t.Parallel()
	relay, text := permissive(t), noise(41, 5<<20)
	index := filepath.Join(t.TempDir(), "index")
	shared := folder(t, map[string]string{"large": text, "small": "text"})
	args := []string{"--share", shared, "--index", index, "--listen", "127.0.0.1:0", "127.0.0.1", relay.port}
	serves := func() {
		t.Helper()
		for name, want := range map[string]string{"large": text, "small": "text"} {
			if r := run(t, "", "peer-client", "-o", "-", "127.0.0.1", relay.port, name); r.code != 0 || r.out != want {
				t.Errorf("%s: exit %d: %s", name, r.code, r.err)
			}
		}
	}
	harm := map[string]func(data []byte) []byte{
		"cut":     func(data []byte) []byte { return data[:len(data)/2] },
		"emptied": func([]byte) []byte { return nil },
		"zeroed":  func(data []byte) []byte { return make([]byte, len(data)) },
		"garbled": func(data []byte) []byte {
			for at := range data {
				sum := sha256.Sum256([]byte{byte(at), byte(at >> 8)})
				data[at] = sum[0]
			}
			return data
		},
		"flipped": func(data []byte) []byte { data[len(data)/2] ^= 4; return data },
	}
	for name, harm := range harm {
		t.Run(name, func(t *testing.T) {
			os.Remove(index)
			start(t, "peer-node", args...).terminate()
			sound, err := os.ReadFile(index)
			if err != nil || len(sound) < 300 {
				t.Fatalf("the index has %d bytes: %v", len(sound), err)
			}
			damage := func() {
				if err := os.WriteFile(index, harm(bytes.Clone(sound)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			damage()
			node := start(t, "peer-node", args...)
			serves()
			damage()
			serves()
			begin := time.Now()
			node.terminate()
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("it took %v to end", took)
			}
			node = start(t, "peer-node", args...)
			serves()
			node.terminate()
			start(t, "peer-node", args...).terminate()
			if data, err := os.ReadFile(index); err != nil || !strings.HasPrefix(string(data), "relaypeer index") {
				t.Errorf("the index is not sound again: %v", err)
			}
		})
	}
}
