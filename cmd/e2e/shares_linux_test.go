package e2e

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNothingPrecedesWhyANodeCannotStart: not even what it has found in a folder.
func TestNothingPrecedesWhyANodeCannotStart(t *testing.T) {
	t.Parallel()
	here := folder(t, map[string]string{"good/a": "1", "file": "2"})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good, pipe := filepath.Join(here, "good"), filepath.Join(here, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for say, args := range map[string][]string{
		"address already in use":    {"--share", good, "--listen", taken.Addr().String()},
		"no such file or directory": {"--share", good, "--share", filepath.Join(here, "nowhere")},
		"not a directory":           {"--share", pipe},
		"not a directory\n":         {"--share", good, "--share", filepath.Join(here, "file", "x")},
	} {
		r := run(t, "", "peer-node", append(args, "--index", "-", "127.0.0.1", "1")...)
		if r.code != 1 || r.out != "" || !strings.Contains(r.err, say) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: exit %d, printed %q, said %q", args, r.code, r.out, r.err)
		}
	}
}
