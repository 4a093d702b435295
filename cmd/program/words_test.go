package program_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestANodeThatIsTakenForARelayIsSuspected(t *testing.T) {
	t.Parallel()
	_, nodes := network(t, "127.0.0.1", map[string]string{"a": "1"})
	for _, args := range [][]string{{"a"}, {"--list"}, {"--who", "a"}, {"-o", t.TempDir(), "a", "b*"}} {
		r := run(t, "", "peer-client", append([]string{"127.0.0.1", nodes[0].port}, args...)...)
		said := "peer-client: the relay " + nodes[0].ready + " could not be asked: this is no relay; is it a peer node? (the node: unexpected)\n"
		if r.code != 4 || r.err != said {
			t.Errorf("%q: exit %d: %s", args, r.code, r.err)
		}
	}
}

func TestAnAbsentRelayIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"a", "b", "c"}, {"-o", t.TempDir(), "a", "b", "c*"}} {
		r := run(t, "", "peer-client", append([]string{"127.0.0.1", "1"}, args...)...)
		if r.code != 4 || strings.Count(r.err, "could not be asked") != 1 || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: exit %d: %s", args, r.code, r.err)
		}
	}
}

func TestAReasonForManyFilesIsToldOnce(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 3<<20)
	relay, _ := network(t, "127.0.0.1", map[string]string{"d/a": "1", "d/b": "2", "d/c": "3", "d/d": "4", "d/e": "5", "v": big, "w": big + "w"})
	published(t, relay, 7)
	to := readOnly(t)
	for wanted, said := range map[string]string{"d/": `"d/a", "d/b", "d/c" and 2 more`, "[vw]": `"v", "w"`} {
		r := run(t, "", "peer-client", "-o", to, "127.0.0.1", relay.port, wanted)
		lines := strings.Split(r.err, "\n")
		if r.code != 1 || len(lines) != 3 || !strings.HasPrefix(lines[0], "peer-client: "+said+": cannot be written to "+to+": ") {
			t.Errorf("%q: exit %d: %s", wanted, r.code, r.err)
		}
		if strings.Contains(r.err, ".relaypeer") {
			t.Errorf("%q: an internal name: %s", wanted, r.err)
		}
	}
}

// readOnly returns a folder in which nothing can be made, by nobody.
func readOnly(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "new"), 0o755); err == nil { // we may do anything
		return "/proc"
	}
	return folder
}
