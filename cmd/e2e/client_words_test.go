package e2e

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
		line := "peer-client: the relay " + nodes[0].ready + " could not be asked: this is no relay; is it a peer node? (the node: unexpected)\n"
		if r.code != 4 || r.err != line {
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
	for wanted, names := range map[string]string{"d/": `"d/a", "d/b", "d/c" and 2 more`, "[vw]": `"v", "w"`} {
		r := run(t, "", "peer-client", "-o", to, "127.0.0.1", relay.port, wanted)
		lines := strings.Split(r.err, "\n")
		if r.code != 1 || len(lines) != 3 || !strings.HasPrefix(lines[0], "peer-client: "+names+": cannot be written to "+to+": ") {
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

func TestWhatAFlagMayBeIsSaidInPlainWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command     string
		environment string
		args        []string
		text        string
	}{
		{"peer-client", "", []string{"--sources", "x"}, `--sources: "x" is not a whole number`},
		{"peer-client", "", []string{"--sources", "99999999999999999999"}, `--sources: "99999999999999999999" is too large or too small`},
		{"peer-client", "", []string{"--list=maybe"}, `--list: "maybe" is not true or false`},
		{"peer-client", "", []string{"-v=2"}, `--verbose: "2" is not true or false`},
		{"peer-client", "", []string{"-o"}, `-o needs a value; see --help`},
		{"peer-client", "", []string{"--log-level", "loud", "127.0.0.1", "1"}, `--log-level: "loud" is not trace, debug, info, warn, error or off`},
		{"relay-server", "", []string{"--ttl", "90"}, `--ttl: "90" is not a time like 90s or 5m`},
		{"peer-client", "RELAYPEER_SOURCES=x", []string{"127.0.0.1", "1"}, `RELAYPEER_SOURCES: "x" is not a whole number`},
		{"relay-server", "RELAYPEER_LOG_JSON=ja", []string{"0"}, `RELAYPEER_LOG_JSON: "ja" is not true or false`},
		{"relay-server", "RELAYPEER_TTL=7", []string{"0"}, `RELAYPEER_TTL: "7" is not a time like 90s or 5m`},
		{"peer-client", "", []string{"127.0.0.1", "1", "-dash.txt"},
			"there is no flag -d, as in -dash.txt; see --help. A name that begins with a dash goes behind --"},
		{"peer-client", "", []string{"127.0.0.1", "1", "--dash.txt"},
			"there is no flag --dash.txt; see --help. A name that begins with a dash goes behind --"},
	} {
		cmd := command(t.Context(), c.command, c.args...)
		if c.environment != "" {
			cmd.Env = append(os.Environ(), c.environment)
		}
		out, _ := cmd.CombinedOutput()
		if string(out) != c.command+": "+c.text+"\n" || cmd.ProcessState.ExitCode() != 2 {
			t.Errorf("%s %q: exit %d: %s", c.environment, c.args, cmd.ProcessState.ExitCode(), out)
		}
	}
}

func TestAPatternWithoutMatchIsToldInOneWay(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"a": "1"})
	lines := map[string]int{}
	for _, args := range [][]string{{"--list"}, {}, {"-o", t.TempDir()}, {"-o", t.TempDir() + "/x"}} {
		r := run(t, "", "peer-client", append([]string{"127.0.0.1", relay.port, "z*"}, args...)...)
		line, _, _ := strings.Cut(r.err, "\n")
		lines[line]++
		if r.code != 3 {
			t.Errorf("%q: exit %d", args, r.code)
		}
	}
	if lines[`peer-client: no published name matches "z*"`] != 4 {
		t.Errorf("%v", lines)
	}
}

func TestAFetchThatBringsNothingLeavesNoFolder(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"a": "1"})
	published(t, relay, 1)
	there := t.TempDir()
	for _, x := range []struct {
		relay, name string
		code, lines int
	}{
		{relay.ready, "z*", 3, 1}, {relay.ready, "nowhere", 3, 1}, {relay.ready, "nowhere/", 3, 1}, {relay.ready, "/", 2, 1},
		{"127.0.0.1:1", "a", 4, 1}, {"127.0.0.1:1", "*", 4, 1},
	} {
		r := run(t, "", "peer-client", "--relay", x.relay, "-o", there+"/new/and/deep/", x.name)
		if r.code != x.code || strings.Count(r.err, "\n") != x.lines {
			t.Errorf("%s of %s: exit %d: %s", x.name, x.relay, r.code, r.err)
		}
		only(t, there)
	}
	if r := run(t, "", "peer-client", "--relay", relay.ready, "-o", there+"/new/deep/", "a", "z*"); r.code != 3 ||
		!strings.HasPrefix(r.err, "peer-client: no published name matches \"z*\"\n1 file fetched, 1 byte in ") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	same(t, there+"/new/deep/a", "1")
}

func TestTheRelayIsNamedByAFlagOrTheEnvironment(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", nil)
	node := start(t, "peer-node", "--share", folder(t, map[string]string{"a": "1", "help": "2", "127.0.0.1": "3"}), "--listen", "127.0.0.1:0", "--relay", relay.ready)
	for _, x := range []struct {
		environment, args, out string
		code                   int
		say                    string
	}{
		{"", "--relay RELAY a", "1", 0, ""},
		{"", "RELAY a", "1", 0, ""},
		{"", "--relay RELAY help", "2", 0, ""},
		{"RELAY", "a", "1", 0, ""},
		{"127.0.0.1:1", "a --relay RELAY", "1", 0, ""},
		{"RELAY", "--who a", node.ready + "\t1\t" + hashOf("1") + "\n", 0, ""},
		{"RELAY", "127.0.0.1 1 a", "31", 3, `all arguments are names, "127.0.0.1" as well`},
		{"", "a RELAY", "", 2, "say --relay 127.0.0.1:"},
	} {
		cmd := command(t.Context(), "peer-client", strings.Fields(strings.ReplaceAll(x.args, "RELAY", relay.ready))...)
		cmd.Env = append(os.Environ(), "RELAYPEER_RELAY="+strings.ReplaceAll(x.environment, "RELAY", relay.ready))
		errs := &watched{}
		cmd.Stderr = errs
		out, _ := cmd.Output()
		if code := cmd.ProcessState.ExitCode(); string(out) != x.out || code != x.code || !strings.Contains(errs.String(), x.say) {
			t.Errorf("%q, %s: exit %d, %q, %s", x.environment, x.args, code, out, errs)
		}
	}
}

func TestWhatIsMeantForEverythingPointsToThePattern(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"/", ".", "./", "//"} {
		for _, args := range [][]string{{name}, {"-o", t.TempDir(), name}, {"--list", name}, {"--who", name}} {
			r := run(t, "", "peer-client", append([]string{"--relay", "127.0.0.1:1"}, args...)...)
			if r.code != 2 || !strings.Contains(r.err, "'**' stands for everything that is published") {
				t.Errorf("%q: exit %d: %s", args, r.code, r.err)
			}
		}
	}
}

func TestWithoutATerminalNobodyIsAsked(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"a": "1"})
	if r := run(t, "a\n", "peer-client", "127.0.0.1", relay.port); r.code != 0 || r.out != "1" || r.err != "" {
		t.Errorf("exit %d, %q: %s", r.code, r.out, r.err)
	}
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port); r.code != 2 || !strings.HasPrefix(r.err, "peer-client: no file is named: ") {
		t.Errorf("exit %d, %q: %s", r.code, r.out, r.err)
	}
}

func TestATargetThatCannotBeIsExplained(t *testing.T) {
	t.Parallel()
	there := t.TempDir()
	os.WriteFile(there+"/file", nil, 0o644)
	for target, say := range map[string]string{
		"/none/x": "there is no folder " + there + "/none: make it, or write -o " + there + "/none/ to have it made",
		"/file/":  there + "/file is not a folder", "/file/x": there + "/file is not a folder", "/file/x/": there + "/file/x is not a folder",
	} {
		r := run(t, "", "peer-client", "--relay", "127.0.0.1:1", "-o", there+target, "a")
		if r.code != 1 || r.err != "peer-client: -o "+there+target+": "+say+"\n" {
			t.Errorf("exit %d: %s", r.code, r.err)
		}
	}
	only(t, there, "file")
}

func TestASlipOfThePenIsExplained(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"a": "1", "d/b": "2"})
	published(t, relay, 2)
	zeros := strings.Repeat("0", 64)
	nowhere := filepath.Join(t.TempDir(), "no such folder")
	for _, c := range []struct {
		say  string
		code int
		args []string
	}{
		{"names begin in the folder that is shared", 2, []string{"peer-client", "127.0.0.1", relay.port, "/etc/passwd"}},
		{"names begin in the folder that is shared", 2, []string{"peer-client", "127.0.0.1", relay.port, "./a"}},
		{"names begin in the folder that is shared", 2, []string{"peer-client", "--who", "127.0.0.1", relay.port, "/a"}},
		{"nothing but zeros is the hash of no content", 2, []string{"peer-client", "--hash", zeros, "127.0.0.1", relay.port}},
		{"nothing but zeros is the hash of no content", 2, []string{"peer-client", "--hash", zeros, "127.0.0.1", relay.port, "a"}},
		{"--who takes one name, --list takes patterns", 3, []string{"peer-client", "--who", "127.0.0.1", relay.port, "*"}},
		{"names have slashes, and a backslash takes", 3, []string{"peer-client", "127.0.0.1", relay.port, `d\b`}},
		{`"d" is a folder with 1 file: --list shows`, 3, []string{"peer-client", "--who", "127.0.0.1", relay.port, "d"}},
		{"--who tells about one name, and these are 2", 2, []string{"peer-client", "--who", "127.0.0.1", relay.port, "a", "d/b"}},
		{"--index: there is no folder \"" + nowhere + "\"", 2,
			[]string{"peer-node", "--share", t.TempDir(), "--index", nowhere + "/last/index", "127.0.0.1", relay.port}},
	} {
		r := run(t, "", c.args[0], c.args[1:]...)
		if r.code != c.code || r.out != "" || !strings.Contains(r.err, c.say) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: exit %d: %s", c.args, r.code, r.err)
		}
	}
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("a folder has been made")
	}
	node(t, relay, nil, "--index", filepath.Join(nowhere, "index"))
	if _, err := os.Stat(filepath.Join(nowhere, "index")); err != nil {
		t.Error(err)
	}
}

func TestAReaderThatHasHadEnoughIsNotWorthAWord(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"a": "1", "d/b": "2"})
	published(t, relay, 2)
	for _, args := range []string{
		"peer-client a", "peer-client a a", "peer-client --list", "peer-client --list *", "peer-client --who a", "peer-client --json --list", "peer-client --json --who a", "demo",
	} {
		words := strings.Fields(args)
		if words[0] == "peer-client" {
			words = append(words, "--relay", relay.ready)
		}
		gone, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		gone.Close()
		errs := &watched{}
		cmd := command(t.Context(), words[0], words[1:]...)
		withState(t, cmd)
		cmd.Stdout, cmd.Stderr = out, errs
		cmd.Run()
		out.Close()
		if cmd.ProcessState.ExitCode() != 1 || errs.String() != "" {
			t.Errorf("%s: %v, %q", args, cmd.ProcessState, errs)
		}
	}
}
