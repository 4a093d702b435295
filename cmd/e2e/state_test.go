package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
)

// idOf runs a program that prints an id.
func idOf(t *testing.T, name string, args ...string) protocol.PeerID {
	t.Helper()
	r := run(t, "", name, append([]string{"id"}, args...)...)
	id, err := protocol.ParsePeerID(strings.TrimSuffix(r.out, "\n"))
	if err != nil || r.code != 0 || r.err != "" || len(r.out) != 57 {
		t.Fatalf("%s id %q: exit %d, %q, %q", name, args, r.code, r.out, r.err)
	}
	return id
}

func TestAProgramPrintsItsID(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir, other := filepath.Join(top, "state"), filepath.Join(top, "other")
	a, b := folder(t, map[string]string{"x": "1"}), folder(t, map[string]string{"x": "1"})
	if err := os.Symlink(a, filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	relay, node := idOf(t, "relay-server", "--state", dir), idOf(t, "peer-node", "--state", dir, "--share", a)
	for name, same := range map[string][2]protocol.PeerID{
		"the relay's":      {relay, idOf(t, "relay-server", "--state="+dir)},
		"the node's":       {node, idOf(t, "peer-node", "--share", a+"/.", "--state", dir)},
		"by a link":        {node, idOf(t, "peer-node", "--share", filepath.Join(top, "link"), "--state", dir)},
		"by another name":  {node, idOf(t, "peer-node", "--share", "name="+a, "--state", dir)},
		"in another order": {idOf(t, "peer-node", "--share", "a="+a, "--share", "b="+b, "--state", dir), idOf(t, "peer-node", "--share", "c="+b, "--share", a, "--state", dir)},
	} {
		if same[0] != same[1] {
			t.Errorf("%s id is another one the second time", name)
		}
	}
	all := map[protocol.PeerID]bool{relay: true, node: true}
	for _, id := range []protocol.PeerID{
		idOf(t, "relay-server", "--state", other), idOf(t, "peer-node", "--state", other, "--share", a),
		idOf(t, "peer-node", "--state", dir, "--share", b), idOf(t, "peer-node", "--state", dir, "--share", "a="+a, "--share", "b="+b),
	} {
		if all[id] {
			t.Errorf("two have the id %s", id)
		}
		all[id] = true
	}
}

func TestAKeyThatCannotBeUsedIsALine(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	idOf(t, "relay-server", "--state", dir)
	path := filepath.Join(dir, "relay.pem")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	r := run(t, "", "relay-server", "id", "--state", dir)
	if r.code != 1 || r.out != "" || strings.Count(r.err, "\n") != 1 || !strings.HasPrefix(r.err, "relay-server: "+path+": other users can read") || !strings.Contains(r.err, "chmod 600 "+path) {
		t.Errorf("exit %d, %q, %q", r.code, r.out, r.err)
	}
	for _, program := range []string{"relay-server", "peer-node"} {
		if r := run(t, "", program, "id", "--state", "-"); r.code != 2 || r.out != "" || !strings.HasPrefix(r.err, program+": --state -: ") {
			t.Errorf("%s: exit %d, %q, %q", program, r.code, r.out, r.err)
		}
	}
}

func TestKnownRelaysAreListedAndForgotten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	id := idOf(t, "relay-server", "--state", dir).String()
	path := filepath.Join(dir, "known_relays")
	rest := "# mine\n[::1]:1 " + id + " 2026-11-27T12:00:01Z pinned\n"
	if err := os.WriteFile(path, []byte("Relay.Example:4000 "+id+" 2026-11-27T12:00:00Z first-contact\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		args      string
		code      int
		out, errs string
	}{
		{"known --state " + dir, 0, "relay.example:4000\t" + id + "\t2026-11-27T12:00:00Z\tfirst-contact\n[::1]:1\t" + id + "\t2026-11-27T12:00:01Z\tpinned\n", ""},
		{"forget relay.example:4001 --state " + dir, 1, "", "peer-client: no relay is known at relay.example:4001\n"},
		{"forget RELAY.example.:4000 --state " + dir, 0, "", "RELAY.example.:4000 is forgotten: 1 line is removed\n"},
		{"forget relay.example:4000 --state " + dir, 1, "", "peer-client: no relay is known at relay.example:4000\n"},
		{"known --state " + dir, 0, "[::1]:1\t" + id + "\t2026-11-27T12:00:01Z\tpinned\n", ""},
		{"forget here --state " + dir, 2, "", "peer-client: \"here\" is not HOST:PORT, as in relay.example:4000\n"},
		{"known --state " + dir + "/none", 1, "", "peer-client: " + dir + "/none: no such file or directory\n"},
		{"known --state -", 2, "", "peer-client: --state -: what is kept in memory ends with its program\n"},
		{"known 99999", 2, "", "peer-client: \"99999\" is not a TCP port: 1 to 65535: peer-client [flags] <relay-host> <relay-port> [name ...], or --relay HOST:PORT\n"},
	} {
		if r := run(t, "", "peer-client", strings.Fields(x.args)...); r.code != x.code || r.out != x.out || r.err != x.errs {
			t.Errorf("%s: exit %d, %q, %q", x.args, r.code, r.out, r.err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != rest {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("relay.example 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"known", "forget relay.example:1"} {
		r := run(t, "", "peer-client", append(strings.Fields(args), "--state", dir)...)
		if r.code != 1 || r.out != "" || !strings.HasPrefix(r.err, "peer-client: "+path+":1: ") || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%s: exit %d, %q, %q", args, r.code, r.out, r.err)
		}
	}
}

// TestAFileMayHaveTheNameOfASubcommand, and its host may as well, which has a port behind it.
func TestAFileMayHaveTheNameOfASubcommand(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"known": "the file\n", "forget": "another\n", "id": "a third\n"})
	published(t, relay, 3)
	for args, want := range map[string]string{
		"127.0.0.1 " + relay.port + " known": "the file\n", "127.0.0.1:" + relay.port + " known": "the file\n",
		"127.0.0.1 " + relay.port + " forget": "another\n", "127.0.0.1 " + relay.port + " id": "a third\n",
		"--relay 127.0.0.1:" + relay.port + " known": "the file\n", "--relay 127.0.0.1:" + relay.port + " forget": "another\n",
		"in the environment: -- known": "the file\n", "in the environment: forget": "another\n", "in the environment: id": "a third\n",
		"in the environment: known --hash " + hashOf("the file\n"): "the file\n", "in the environment: known": "",
	} {
		rest, found := strings.CutPrefix(args, "in the environment: ")
		cmd := command(t.Context(), "peer-client", strings.Fields(rest)...)
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
		if found {
			cmd.Env = append(cmd.Env, "RELAYPEER_RELAY=127.0.0.1:"+relay.port)
		}
		if out, err := cmd.Output(); err != nil || string(out) != want {
			t.Errorf("%s: %q, %v", args, out, err)
		}
	}
}
