package e2e

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStreamsThatAreClosed: a program whose data go nowhere says so, where it can, and fails.
func TestStreamsThatAreClosed(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"a": "1"})
	published(t, relay, 1)
	for line, want := range map[string]struct {
		code string
		say  string
	}{
		`"$0" $1 a >&-`:                      {"1", "standard output is closed"},
		`"$0" $1 -o - a >&-`:                 {"1", "standard output is closed"},
		`"$0" $1 --list >&-`:                 {"1", "standard output is closed"},
		`"$0" $1 --who a >&-`:                {"1", "standard output is closed"},
		`"$0" $1 --json -o b a >&-`:          {"1", "where the events of --json go is closed"},
		`"$0" $1 --json --list >&-`:          {"1", "where the events of --json go is closed"},
		`"$0" $1 --json a 2>&- >/dev/null`:   {"1", ""},
		`"$0" $1 -o c a >&-`:                 {"0", "c: 1 byte"},
		`"$0" $1 -o d a 2>&-`:                {"0", ""},
		`"$0" $1 -o e a >&- 2>&-`:            {"0", ""},
		`"$0" $1 nowhere 2>&-`:               {"3", ""},
		`"$0" $1 <&-`:                        {"2", "no file is named"},
		`"$0" $1 a >/dev/full`:               {"1", "no space left on device"},
		`"$0" $1 --list >/dev/full`:          {"1", "no space left on device"},
		`"$0" $1 --json --list >/dev/full`:   {"1", ""},
		`"$0" $1 --json -o f a >/dev/full`:   {"1", ""},
		`"$0" $1 a >/dev/null 2>/dev/full`:   {"0", ""},
		`"$0" $1 -o g/ 'x*' 2>/dev/full; ls`: {"0", ""},
	} {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", `cd "$2"; `+line+"; echo $? >code",
			filepath.Join(programs, "peer-client"), "--relay="+relay.ready, t.TempDir())
		withState(t, cmd)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		code, err := exec.Command("cat", filepath.Join(cmd.Args[len(cmd.Args)-1], "code")).Output()
		if err != nil || strings.TrimSpace(string(code)) != want.code || !strings.Contains(errs.String(), want.say) || strings.Count(errs.String(), "\n") > 1 {
			t.Errorf("%s: exit %s: %s", line, code, errs.String())
		}
	}
}
