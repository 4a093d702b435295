package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runIn runs a program to its end in a folder, which is the user's home as well if home is set.
func runIn(t *testing.T, folder string, home bool, name string, args ...string) (code int, told string) {
	t.Helper()
	cmd := command(t.Context(), name, args...)
	cmd.Dir = folder
	if home {
		cmd.Env = append(os.Environ(), "HOME="+folder, "USERPROFILE="+folder)
	}
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return code, string(out)
}

// Several folders and files are shared, each under a name of its own.
func TestSeveralSharesOfOneNode(t *testing.T) {
	t.Parallel()
	relay := start(t, "relay-server", "--host", "127.0.0.1", "0")
	a, b := folder(t, map[string]string{"x": "ax", "sub/y": "ay"}), folder(t, map[string]string{"x": "bx"})
	movie := filepath.Join(folder(t, map[string]string{"movie": "m", "other": "o"}), "movie")
	index := filepath.Join(t.TempDir(), "index")
	node := start(t, "peer-node", "--share", a, "--share", "second="+b, "--share", movie, "--index", index, "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	first := filepath.Base(a)
	for name, want := range map[string]string{first + "/x": "ax", first + "/sub/y": "ay", "second/x": "bx", "movie": "m"} {
		if r := run(t, "", "peer-client", "127.0.0.1", relay.port, name); r.code != 0 || r.out != want {
			t.Errorf("%s: exit %d, printed %q: %s", name, r.code, r.out, r.err)
		}
	}
	eventually(t, 20*time.Second, "all are listed", func() bool {
		r := run(t, "", "peer-client", "--list", "127.0.0.1", relay.port)
		return strings.Count(r.out, "\n") == 4 && strings.Contains(r.out, "second/x\t") && !strings.Contains(r.out, "other")
	})
	node.terminate()
	for _, name := range []string{first, "second", "movie"} {
		if _, err := os.Stat(index + "." + name); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{"folder=" + a, "under=second/", `with="this machine only"`} {
		if !strings.Contains(node.errors.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, node.errors)
		}
	}
}

func TestASingleFileOfANode(t *testing.T) {
	t.Parallel()
	relay := start(t, "relay-server", "--host", "127.0.0.1", "0")
	files := folder(t, map[string]string{"movie": "m", "other": "o"})
	start(t, "peer-node", "--share", filepath.Join(files, "movie"), "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "movie"); r.code != 0 || r.out != "m" {
		t.Errorf("exit %d, printed %q: %s", r.code, r.out, r.err)
	}
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "other"); r.code != 3 {
		t.Errorf("what lies beside it: exit %d, printed %q: %s", r.code, r.out, r.err)
	}
}

// What is hardly meant is refused.
func TestSharesThatAreHardlyMeant(t *testing.T) {
	t.Parallel()
	here := folder(t, map[string]string{"a/x": "1", "b/a/x": "2", "file": "3"})
	for say, args := range map[string][]string{
		`two are named "a"`:           {"--share", "a", "--share", "b/a"},
		`two are named "b"`:           {"--share", "b=a", "--share", "b"},
		"needs a --share of one":      {"--share", "a", "--share", "b", "--mirror", "*"},
		"of one folder, without":      {"--share", "c=a", "--mirror", "*"},
		"--mirror needs":              {"--share", "file", "--mirror", "*"},
		"cannot be the name":          {"--share", "/", "--share", "a"},
		"your home folder":            {},
		"--share . that it is meant":  {},
		"no folder is named":          {"--share", ""},
		"no folder is named; ":        {"--share", "a", "--share", "x="},
		"no such file or directory":   {"--share", "a", "--share", "nowhere"},
		"no such file or directory\n": {"--share", "x=nowhere"},
	} {
		want := 2
		if strings.HasPrefix(say, "no such") {
			want = 1
		}
		code, told := runIn(t, here, true, "peer-node", append(args, "--log-level", "off", "--index", "-", "127.0.0.1", "1")...)
		if code != want || !strings.Contains(told, say) || strings.Count(told, "\n") != 1 {
			t.Errorf("%q: exit %d, told %q", args, code, told)
		}
	}
	if code, told := runIn(t, "/", false, "peer-node", "127.0.0.1", "1"); code != 2 || !strings.Contains(told, "the root of the file system") {
		t.Errorf("in the root: exit %d, told %q", code, told)
	}
	relay := start(t, "relay-server", "--host", "127.0.0.1", "0")
	for _, args := range [][]string{{"--share", "."}, {"--share", "x=y"}} { // named: the home folder, and a folder with such a name
		if err := os.MkdirAll(filepath.Join(here, "x=y"), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := command(t.Context(), "peer-node", append(args, "--index", "-", "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)...)
		cmd.Dir, cmd.Env = here, append(os.Environ(), "HOME="+here)
		startCommand(t, cmd).terminate()
	}
}

// A mirror goes on in the folder that takes the place of its own.
func TestAMirrorFollowsItsFolder(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"a": "text"})
	into := filepath.Join(t.TempDir(), "mirrored")
	has := func() bool {
		text, err := os.ReadFile(filepath.Join(into, "a"))
		return err == nil && string(text) == "text"
	}
	if err := os.Mkdir(into, 0o755); err != nil {
		t.Fatal(err)
	}
	start(t, "peer-node", "--share", into, "--index", "-", "--mirror", "*", "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	eventually(t, 30*time.Second, "it is mirrored", has)
	if err := errors.Join(os.Rename(into, into+".old"), os.Mkdir(into, 0o755)); err != nil {
		t.Fatal(err)
	}
	eventually(t, 60*time.Second, "it is mirrored into the new folder", has)
}
