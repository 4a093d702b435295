package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// closedRelay is a closed relay, with the files that say who may use it.
type closedRelay struct {
	*process
	t    *testing.T
	dir  string
	port string
}

func newClosedRelay(t *testing.T) *closedRelay {
	t.Helper()
	r := &closedRelay{t: t, dir: t.TempDir(), port: freePort(t)}
	if err := os.WriteFile(r.file(), []byte("# friends\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.start()
	return r
}

func (r *closedRelay) start() {
	r.t.Helper()
	r.process = start(r.t, "relay-server", "--admit", r.file(), "--state", filepath.Join(r.dir, "state"), "--host", "127.0.0.1", "--ttl", "3s", r.port)
}

func (r *closedRelay) file() string { return filepath.Join(r.dir, "friends") }

func (r *closedRelay) invite(args ...string) string {
	r.t.Helper()
	return invited(r.t, r.dir, append(args, "127.0.0.1:"+r.port)...).String()
}

// user runs peer-client as a user with a home of his own.
type user struct {
	t    *testing.T
	home string
}

func (u user) run(stdin string, args ...string) result {
	u.t.Helper()
	cmd := command(u.t.Context(), "peer-client", args...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+u.home)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		u.t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// gets demands that a user gets the file a.
func (u user) gets(args ...string) {
	u.t.Helper()
	if r := u.run("", append(args, "a")...); r.code != 0 || r.out != "1" {
		u.t.Errorf("%.30q: exit %d, %q, %q", args, r.code, r.out, r.err)
	}
}

// isDenied demands exit code 4 and one line that says why.
func (u user) isDenied(why string, args ...string) {
	u.t.Helper()
	for _, what := range [][]string{{"a"}, {"--list"}, {"--who", "a"}, {"-o", u.t.TempDir(), "a*"}} {
		r := u.run("", append(args[:len(args):len(args)], what...)...)
		if r.code != 4 || r.out != "" || !strings.Contains(r.err, why) || strings.Count(r.err, "\n") > 2 || strings.Contains(r.err, "rp1") {
			u.t.Errorf("%q: exit %d, %q, %q", what, r.code, r.out, r.err)
		}
	}
}

func (r *closedRelay) node(args ...string) *process {
	r.t.Helper()
	args = append(args, "--share", folder(r.t, map[string]string{"a": "1"}), "--listen", "127.0.0.1:0")
	return start(r.t, "peer-node", args...)
}

const closedText = "this relay is closed: ask its owner for an invite"

func TestAClosedRelayServesThoseWhoAreInvited(t *testing.T) {
	t.Parallel()
	relay := newClosedRelay(t)
	stranger, friend := user{t, t.TempDir()}, user{t, t.TempDir()}
	stranger.isDenied(closedText, "127.0.0.1", relay.port)
	r := run(t, "", "peer-node", "--state", t.TempDir(), "--share", t.TempDir(), "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	if r.code != 4 || r.out != "" || !strings.Contains(r.err, closedText) {
		t.Errorf("a node: exit %d, %q, %q", r.code, r.out, r.err)
	}
	nodeState := filepath.Join(t.TempDir(), "state")
	relay.node("--state", nodeState, relay.invite("--role", "node", "--name", "ann"))
	invite := relay.invite("--role", "client", "--name", "bob")
	published := func() bool { return strings.Contains(friend.run("", "--list", "127.0.0.1", relay.port).out, "a\t1\t") }
	if r := friend.run("", "--list", invite); r.code != 0 && r.code != 6 {
		t.Fatalf("exit %d, %q", r.code, r.err)
	}
	eventually(t, 20*time.Second, "the node publishes", published)
	friend.gets("127.0.0.1", relay.port) // it is known, and its key is kept
	friend.gets(invite)
	stranger.isDenied("used up", invite)
	stranger.isDenied(closedText, "127.0.0.1", relay.port)

	relay.kill()
	relay.start()
	eventually(t, 20*time.Second, "the node is back", published)
	friend.gets("127.0.0.1", relay.port)
	if r := run(t, "", "relay-server", "revoke", "--admit", relay.file(), "bob"); r.code != 0 || strings.Count(r.out, "\n") != 2 {
		t.Errorf("exit %d, %q, %q", r.code, r.out, r.err)
	}
	eventually(t, 10*time.Second, "bob is revoked", func() bool { return friend.run("", "127.0.0.1", relay.port, "a").code == 4 })
	friend.isDenied("your key has been revoked", invite)
	friend.isDenied("your key has been revoked at this relay, which no invite changes", "127.0.0.1", relay.port)
	all := run(t, "", "relay-server", "invites", "--admit", relay.file()).out
	if strings.Count(all, "\nmember\t") != 2 || strings.Count(all, "\trevoked\tbob") != 2 || strings.Count(all, "\tgood\tann\t") != 1 {
		t.Errorf("%s", all)
	}
	// Who forgets the relay has his key still, and hears so.
	third := user{t, t.TempDir()}
	third.gets(relay.invite("--role", "client", "--name", "eve"))
	if r := third.run("", "forget", "127.0.0.1:"+relay.port); r.code != 0 {
		t.Errorf("exit %d, %q", r.code, r.err)
	}
	r = third.run("", "127.0.0.1", relay.port, "a")
	_, hint, _ := strings.Cut(r.err, "--state ")
	dir, _, _ := strings.Cut(hint, " uses")
	if r.code != 4 || dir == "" {
		t.Errorf("exit %d, %q", r.code, r.err)
	}
	third.gets("--state", dir, "127.0.0.1", relay.port)
	if log := relay.errors.String(); strings.Contains(log, "rp1") {
		t.Errorf("a secret is in the log: %s", log)
	}
}

// TestALeaseEndsWithItsNodesAdmission: others do not find the node any more.
func TestALeaseEndsWithItsNodesAdmission(t *testing.T) {
	t.Parallel()
	relay := newClosedRelay(t)
	friend := user{t, t.TempDir()}
	relay.node("--state", t.TempDir(), relay.invite("--role", "node", "--name", "ann"))
	if r := friend.run("", relay.invite("--role", "client"), "a"); r.code != 0 && r.code != 6 {
		t.Fatalf("exit %d, %q", r.code, r.err)
	}
	who := func() string { return friend.run("", "--who", "127.0.0.1", relay.port, "a").out }
	eventually(t, 20*time.Second, "the node is listed", func() bool { return who() != "" })
	run(t, "", "relay-server", "revoke", "--admit", relay.file(), "ann")
	eventually(t, 20*time.Second, "the lease has ended", func() bool { return who() == "" })
	if !strings.Contains(relay.errors.String(), "leases have ended with their nodes' admission") {
		t.Errorf("the log: %s", relay.errors)
	}
}

func TestTheOwnersFileAdmitsAndIsReadAgain(t *testing.T) {
	t.Parallel()
	relay := newClosedRelay(t)
	state, share := filepath.Join(t.TempDir(), "state"), folder(t, map[string]string{"a": "1"})
	id := idOf(t, "peer-node", "--state", state, "--share", share).String()
	reads := func(text string) {
		t.Helper()
		if err := os.WriteFile(relay.file(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		relay.cmd.Process.Signal(syscall.SIGHUP)
	}
	reads(id + " ann client\n")
	tells := func(what string) {
		t.Helper()
		eventually(t, 10*time.Second, what, func() bool { return strings.Contains(relay.errors.String(), what) })
	}
	tells("read again")
	r := run(t, "", "peer-node", "--state", state, "--share", share, "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	if r.code != 4 || !strings.Contains(r.err, "admitted to this relay as a client") {
		t.Errorf("a node that is a client: exit %d, %q", r.code, r.err)
	}
	reads(id + " ann node\n")
	eventually(t, 10*time.Second, "it is read again", func() bool { return strings.Count(relay.errors.String(), "read again") == 2 })
	start(t, "peer-node", "--state", state, "--share", share, "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	reads("nonsense\n")
	tells("friends:1: ")
	relay.terminate() // it has not ended by SIGHUP
	again := run(t, "", "relay-server", "--admit", relay.file(), "--state", filepath.Join(relay.dir, "state"), "0")
	if again.code != 1 || !strings.Contains(again.err, "friends:1: ") || strings.Count(again.err, "\n") != 1 {
		t.Errorf("it starts with nonsense: exit %d, %q", again.code, again.err)
	}
}

func TestAnInviteComesFromWhereSecretsAre(t *testing.T) {
	t.Parallel()
	relay := newClosedRelay(t)
	relay.node("--state", t.TempDir(), relay.invite())
	invite := relay.invite("--role", "client", "--uses", "9")
	path := filepath.Join(t.TempDir(), "relaypeer-relay")
	if err := os.WriteFile(path, []byte("  "+invite+"\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := user{t, t.TempDir()}
	eventually(t, 20*time.Second, "the node publishes", func() bool { return first.run("", "--relay", invite, "a").code == 0 })
	user{t, t.TempDir()}.gets("file:" + path)
	user{t, t.TempDir()}.gets("--relay", "file:"+path)
	if r := (user{t, t.TempDir()}).run(invite+"\nrest\n", "-", "a"); r.code != 0 || r.out != "1" {
		t.Errorf("from standard input: exit %d, %q, %q", r.code, r.out, r.err)
	}
	for _, variable := range []string{"RELAYPEER_RELAY=" + invite, "RELAYPEER_RELAY_FILE=" + path, "CREDENTIALS_DIRECTORY=" + filepath.Dir(path)} {
		cmd := command(t.Context(), "peer-client", "a")
		cmd.Env = append(os.Environ(), variable, "XDG_STATE_HOME="+t.TempDir())
		if out, err := cmd.Output(); err != nil || string(out) != "1" {
			t.Errorf("%.24s: %q, %v", variable, out, err)
		}
	}
	for _, args := range [][]string{{"file:" + path + ".none", "a"}, {"--relay", "file:/dev/null", "a"}, {invite[:50], "a"}, {strings.ToUpper(invite), "a"}, {"--plain", invite, "a"}} {
		r := run(t, "", "peer-client", args...)
		if r.code != 2 && r.code != 1 || r.out != "" || strings.Count(r.err, "\n") != 1 || strings.Contains(strings.ToLower(r.err), invite[40:50]) {
			t.Errorf("%.30q: exit %d, %q, %q", args, r.code, r.out, r.err)
		}
	}
}

// TestAnInviteAgainstAKnownRelayIsRefused: it may be forged.
func TestAnInviteAgainstAKnownRelayIsRefused(t *testing.T) {
	t.Parallel()
	relay := newClosedRelay(t)
	open := start(t, "relay-server", "--host", "127.0.0.1", "--state", t.TempDir(), "0")
	u := user{t, t.TempDir()}
	u.run("", "--list", "127.0.0.1", open.port)
	forged := invited(t, relay.dir, "127.0.0.1:"+open.port).String()
	u.isDenied("the invite says that it is", forged)
	other := user{t, t.TempDir()}
	other.isDenied("as the invite says", forged) // nor is the one that answers there taken for the other
	expired := relay.invite("--for", "1s")
	eventually(t, 10*time.Second, "it has expired", func() bool {
		return strings.Contains(user{t, t.TempDir()}.run("", "--list", expired).err, "the invite expired on ")
	})
}

func TestAClosedRelayNeedsTLS(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "friends")
	for args, code := range map[string]int{"--plain --admit " + file + " 0": 2, "--admit " + file + " 0": 1} {
		r := run(t, "", "relay-server", strings.Fields(args)...)
		if r.code != code || r.out != "" || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, "--admit") {
			t.Errorf("%s: exit %d, %q, %q", args, r.code, r.out, r.err)
		}
	}
	relay := newClosedRelay(t)
	r := run(t, "", "relay-server", "--admit", relay.file(), "--state", t.TempDir(), "0")
	if r.code != 1 || !strings.Contains(r.err, "another relay serves with these files") || strings.Count(r.err, "\n") != 1 {
		t.Errorf("exit %d, %q", r.code, r.err)
	}
}

func TestANodeServesThoseWhomItAllows(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1")
	dir := t.TempDir()
	file, state := filepath.Join(dir, "allowed"), filepath.Join(dir, "state")
	id := idOf(t, "relay-server", "--state", state).String() // any key will do: it becomes the client's
	if err := os.Rename(filepath.Join(state, "relay.pem"), filepath.Join(state, "client.pem")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(id+" ann client\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	guarded := start(t, "peer-node", "--state", t.TempDir(), "--allow", file, "--share", folder(t, map[string]string{"a": "1"}), "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	published(t, relay, 1)
	if r := run(t, "", "peer-client", "--state", state, "127.0.0.1", relay.port, "a"); r.code != 0 || r.out != "1" {
		t.Errorf("a friend: exit %d, %q, %q", r.code, r.out, r.err)
	}
	denied := func() bool {
		r := run(t, "", "peer-client", "--state", "-", "-v", "127.0.0.1", relay.port, "a")
		return r.code == 1 && r.out == "" && strings.Contains(r.err, "denied")
	}
	if !denied() {
		t.Error("a stranger is served")
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	guarded.cmd.Process.Signal(syscall.SIGHUP)
	eventually(t, 10*time.Second, "the file is read again", func() bool {
		return run(t, "", "peer-client", "--state", state, "127.0.0.1", relay.port, "a").code == 1
	})
	guarded.terminate()
	r := run(t, "", "peer-node", "--allow", file+".none", "--state", "-", "--share", dir, "127.0.0.1", relay.port)
	if r.code != 1 || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, "--allow: ") {
		t.Errorf("without its file: exit %d, %q", r.code, r.err)
	}
}
