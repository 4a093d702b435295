package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// invited runs relay-server invite and returns the invite.
func invited(t *testing.T, dir string, args ...string) *protocol.Invite {
	t.Helper()
	r := run(t, "", "relay-server", append([]string{"invite", "--admit", filepath.Join(dir, "friends"), "--state", filepath.Join(dir, "state")}, args...)...)
	invite, err := protocol.ParseInvite(strings.TrimSuffix(r.out, "\n"))
	if err != nil || r.code != 0 {
		t.Fatalf("invite %q: exit %d, %q, %q: %v", args, r.code, r.out, r.err, err)
	}
	return invite
}

func TestAnInviteSaysWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := invited(t, dir, "Relay.Example:4000")
	if one.Relay != idOf(t, "relay-server", "--state", filepath.Join(dir, "state")) || strings.Join(one.Addresses, " ") != "relay.example:4000" ||
		one.Role != protocol.BothRoles || time.Until(one.Until()).Round(time.Hour) != 24*time.Hour {
		t.Errorf("%+v", one)
	}
	two := invited(t, dir, "::1", "4000", "--role", "client", "--for", "2h", "--uses", "3", "--name", "ann")
	if strings.Join(two.Addresses, " ") != "[::1]:4000" || two.Role != protocol.ClientRole || time.Until(two.Until()).Round(time.Hour) != 2*time.Hour {
		t.Errorf("%+v", two)
	}
	three := invited(t, dir, "a:1", "b:2", "192.0.2.7:3")
	if strings.Join(three.Addresses, " ") != "a:1 b:2 192.0.2.7:3" || three.Token == two.Token || three.Secret == two.Secret {
		t.Errorf("%+v", three)
	}
	r := run(t, "", "relay-server", "invites", "--admit", filepath.Join(dir, "friends"))
	lines := strings.Split(r.out, "\n")
	if r.code != 0 || len(lines) != 4 || !strings.HasPrefix(lines[1], "invite\t"+two.Token.String()+"\tclient\t3\t") || !strings.HasSuffix(lines[1], "\tgood\tann") ||
		strings.Contains(r.out+r.err, two.String()) {
		t.Errorf("exit %d, %q, %q", r.code, r.out, r.err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "friends.tokens"))
	info, _ := os.Stat(filepath.Join(dir, "friends.tokens"))
	if err != nil || info.Mode().Perm() != 0o600 || strings.Contains(string(text), two.String()[40:60]) {
		t.Errorf("%q, %v", text, err)
	}
}

func TestInvitesAreRevoked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "friends")
	one, two := invited(t, dir, "a:1", "--name", "ann"), invited(t, dir, "a:1", "--name", "bob")
	member, other := idOf(t, "relay-server", "--state", filepath.Join(dir, "1")).String(), idOf(t, "relay-server", "--state", filepath.Join(dir, "2")).String()
	if err := os.WriteFile(file+".members", []byte(member+" "+one.Token.String()+" both 2026-11-27T12:00:00Z 192.0.2.7 ann\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("# friends\n"+other+" ann node\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		args, out string
		code      int
	}{
		{"revoke --admit " + file + " carl", "", 1},
		{"revoke --admit " + file + " -", "", 1},
		{"revoke --admit " + file + " ann", one.Token.String() + "\n" + member + "\n" + other + "\n", 0},
		{"revoke --admit " + file + " " + two.Token.String(), two.Token.String() + "\n", 0},
		{"revoke --admit " + file + " " + one.Relay.String(), one.Relay.String() + "\n", 0},
		{"revoke --admit " + file, "", 2},
		{"revoke ann", "", 2},
		{"invites --admit " + file + " x", "", 2},
		{"invites --admit " + file + ".none", "", 1},
	} {
		r := run(t, "", "relay-server", strings.Fields(x.args)...)
		if r.code != x.code || r.out != x.out || (r.code != 0) != (strings.Count(r.err, "\n") == 1) {
			t.Errorf("%s: exit %d, %q, %q", x.args, r.code, r.out, r.err)
		}
	}
	r := run(t, "", "relay-server", "invites", "--admit", file)
	for _, want := range []string{
		"invite\t" + one.Token.String() + "\tboth\t0\t", "\trevoked\tann\n", "\trevoked\tbob\n",
		"member\t" + member + "\tboth\t2026-11-27T12:00:00Z\trevoked\tann\t" + one.Token.String() + "\t192.0.2.7\n",
		"listed\t" + other + "\tnode\t-\trevoked\tann\n",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is not in %q, %q", want, r.out, r.err)
		}
	}
}

func TestAWrongInviteIsALine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "friends")
	for _, args := range []string{
		"a:1", "--admit " + file, "--admit " + file + " a", "--admit " + file + " a:0", "--admit " + file + " a:1 --role owner", "--admit " + file + " a:1 --uses 0",
		"--admit " + file + " a:1 --for 0s", "--admit " + file + " a:1 --name -", "--admit " + file + " a:1 --state -", "--admit " + file + " a:1 b:1 c:1 d:1 e:1 f:1 g:1 h:1 i:1",
	} {
		r := run(t, "", "relay-server", append([]string{"invite"}, strings.Fields(args)...)...)
		if r.code != 2 || r.out != "" || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%s: exit %d, %q, %q", args, r.code, r.out, r.err)
		}
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) > 0 {
		t.Errorf("%v, %v", all, err)
	}
	if err := os.WriteFile(file, []byte("# fine\nann\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "", "relay-server", "invites", "--admit", file); r.code != 1 || !strings.HasPrefix(r.err, "relay-server: "+file+":2: ") || strings.Count(r.err, "\n") != 1 {
		t.Errorf("exit %d, %q", r.code, r.err)
	}
}
