package e2e

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheOneThatHasItIsFound(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			relay, nodes := network(t, host, map[string]string{"a": "1"}, map[string]string{"b": "2"}, map[string]string{"wanted": "the text\n"})
			r := run(t, "", "peer-client", "-v", host, relay.port, "wanted")
			if r.code != 0 || r.out != "the text\n" {
				t.Fatalf("exit %d, printed %q\n%s", r.code, r.out, r.err)
			}
			lines := strings.Split(strings.TrimSpace(r.err), "\n")
			for i, line := range lines {
				holder := strings.HasPrefix(line, nodes[2].ready+" ok ")
				if last := i == len(lines)-1; holder != last || !last && !strings.Contains(line, " not-found ") {
					t.Errorf("line %d of -v: %s", i, line)
				}
			}
		})
	}
}

func TestAllKindsOfFiles(t *testing.T) {
	files := map[string]string{
		"empty": "", "one": "x", "sub/folder/file": "deep",
		"ein Name mit Leerzeichen, größer, 日本語": "script",
		"binary": "\x00\x01\xff\x1b[2J",
		"large":  strings.Repeat("0123456789abcdef", 40<<16), // 40 MiB: three stretches
	}
	relay, _ := network(t, "127.0.0.1", files)
	for name, content := range files {
		if r := run(t, "", "peer-client", "127.0.0.1", relay.port, name); r.code != 0 || r.out != content {
			t.Errorf("%q: exit %d, %d bytes\n%s", name, r.code, len(r.out), r.err)
		}
	}
	if r := run(t, "sub/folder/file\n", "peer-client", "127.0.0.1", relay.port); r.code != 0 || r.out != "deep" || r.err != "" {
		t.Errorf("prompted: exit %d, printed %q, asked %q", r.code, r.out, r.err)
	}
	dir := t.TempDir()
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "-o", dir+"/new/", "one", "sub/folder/file", "large"); r.code != 0 || r.out != "" {
		t.Errorf("into a folder: exit %d, printed %q\n%s", r.code, r.out, r.err)
	}
	for _, name := range []string{"one", "sub/folder/file", "large"} {
		if got, err := os.ReadFile(filepath.Join(dir, "new", name)); err != nil || !bytes.Equal(got, []byte(files[name])) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	only(t, filepath.Join(dir, "new"), "large", "one", "sub")
}

func TestExitCodesSayWhatWentWrong(t *testing.T) {
	t.Parallel()
	lonely := start(t, "relay-server", "--host", "127.0.0.1", "0")
	relay, _ := network(t, "127.0.0.1", map[string]string{"a": "1"}, map[string]string{"b": "2"})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, used, _ := net.SplitHostPort(taken.Addr().String())
	gone := freePort(t)
	for _, is := range []*process{lonely, relay} {
		run(t, "", "peer-client", "--list", "127.0.0.1", is.port) // which meets the relay
	}
	for _, c := range []struct {
		say  string
		code int
		args []string
	}{
		{"no node has \"nowhere\"", 3, []string{"peer-client", "127.0.0.1", relay.port, "nowhere"}},
		{"no node is registered", 3, []string{"peer-client", "127.0.0.1", lonely.port, "nowhere"}},
		{"refused", 4, []string{"peer-client", "127.0.0.1", gone, "a"}},
		{"unreachable", 4, []string{"peer-client", "no-such-host.invalid", "4000", "a"}},
		{"not a TCP port", 2, []string{"peer-client", "127.0.0.1", "70000", "a"}},
		{"not a host", 2, []string{"peer-client", "a b", "4000", "a"}},
		{"bad name", 2, []string{"peer-client", "127.0.0.1", relay.port, "../etc/passwd"}},
		{"no relay is named", 2, []string{"peer-client"}},
		{"there is no flag --nonsense", 2, []string{"peer-client", "--nonsense", "127.0.0.1", "1"}},
		{"no file is named", 2, []string{"peer-client", "127.0.0.1", relay.port}},
		{"1 to 64", 2, []string{"peer-client", "--sources", "0", "127.0.0.1", relay.port, "a"}},
		{"not both", 2, []string{"peer-client", "--list", "--who", "127.0.0.1", relay.port, "a"}},
		{"--list and --who print", 2, []string{"peer-client", "--list", "-o", "x", "127.0.0.1", relay.port}},
		{"one name", 2, []string{"peer-client", "--who", "127.0.0.1", relay.port}},
		{"one name", 2, []string{"peer-client", "--who", "127.0.0.1", relay.port, "a/"}},
		{"no file is named", 2, []string{"peer-client", "-o", "", "127.0.0.1", relay.port, "a"}},
		{"no hash is given", 2, []string{"peer-client", "--hash", "", "127.0.0.1", relay.port, "a"}},
		{"hex digits are a hash", 2, []string{"peer-client", "--hash", "xyz", "127.0.0.1", relay.port, "a"}},
		{"hex digits are a hash", 2, []string{"peer-client", "--hash", "abcd", "127.0.0.1", relay.port}},
		{"--hash is for one file", 2, []string{"peer-client", "--hash", "abcd", "127.0.0.1", relay.port, "a", "b"}},
		{"a hash is no name", 2, []string{"peer-client", "--hash", strings.Repeat("ab", 32), "-o", t.TempDir(), "127.0.0.1", relay.port}},
		{"a backslash at its end", 2, []string{"peer-client", "--list", "127.0.0.1", relay.port, "a*\\"}},
		{"several files go into a folder", 2, []string{"peer-client", "-o", "x", "127.0.0.1", relay.port, "a", "b"}},
		{"address already in use", 1, []string{"relay-server", "--host", "127.0.0.1", used}},
		{"not a TCP port", 2, []string{"relay-server", "http"}},
		{"a lease lasts", 2, []string{"relay-server", "--ttl", "1ms", "0"}},
		{"address already in use", 1, []string{"peer-node", "--log-level", "warn", "--listen", "127.0.0.1:" + used, "127.0.0.1", relay.port}},
		{"no such file or directory", 1, []string{"peer-node", "--share", "/nonexistent/folder", "127.0.0.1", relay.port}},
		{"not a TCP port", 2, []string{"peer-node", "127.0.0.1", "0"}},
		{"node id", 2, []string{"peer-node", "--plain", "--id", "abc", "127.0.0.1", relay.port}},
		{"HOST:PORT", 2, []string{"peer-node", "--listen", "here", "127.0.0.1", relay.port}},
		{"--listen: \"x\" is not a TCP port", 2, []string{"peer-node", "--listen", ":x", "127.0.0.1", relay.port}},
		{"--advertise: \"x\" is not a TCP port", 2, []string{"peer-node", "--advertise", "127.0.0.1:x", "127.0.0.1", relay.port}},
		{"--link-rate-from: \"fast\" is not a number", 2, []string{"peer-node", "--link-rate-from", "fast", "127.0.0.1", relay.port}},
		{"advertising 192.0.2.1 from 127.0.0.1 is not allowed here", 4, []string{"peer-node", "--log-level", "off", "--share", t.TempDir(), "--advertise", "192.0.2.1", "127.0.0.1", relay.port}},
	} {
		r := run(t, "", c.args[0], c.args[1:]...)
		if r.code != c.code || r.out != "" || !strings.Contains(r.err, c.say) || strings.Count(r.err, "\n") != 1 || strings.Contains(r.err, "goroutine ") {
			t.Errorf("%v: exit %d instead of %d, printed %q, said %q", c.args, r.code, c.code, r.out, r.err)
		}
	}
}

func TestAKilledNodeIsSkippedAndLapses(t *testing.T) {
	t.Parallel()
	relay, nodes := network(t, "127.0.0.1", map[string]string{"a": "1"}, map[string]string{"b": "2"})
	nodes[0].kill()
	r := run(t, "", "peer-client", "-v", "127.0.0.1", relay.port, "b")
	if r.code != 0 || r.out != "2" {
		t.Errorf("exit %d, printed %q\n%s", r.code, r.out, r.err)
	}
	r = run(t, "", "peer-client", "-v", "127.0.0.1", relay.port, "a")
	if r.code != 1 || !strings.Contains(r.err, nodes[0].ready+" refused") ||
		!strings.Contains(r.err, "not every node could be asked: of 1 node asked, "+nodes[0].ready+", which has it as the relay says, does not answer (refused)") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	eventually(t, 6*time.Second, "the killed node is out of the list", func() bool {
		r := run(t, "", "peer-client", "127.0.0.1", relay.port, "a")
		return r.code == 3 && strings.Contains(r.err, "no node has \"a\"")
	})
}

func TestAKilledNodeInMidFileCostsNothingButTime(t *testing.T) {
	t.Parallel()
	relay, text := permissive(t), noise(40, 40<<20)
	files := map[string]string{"big": text}
	doomed, first := behind(t, relay, files)
	_, second := behind(t, relay, files)
	first.hold(4<<20, false)
	second.hold(4<<20, false)
	target := filepath.Join(t.TempDir(), "big")
	c := begin(t, "-v", "-o", target, "127.0.0.1", relay.port, "big")
	first.full()
	second.full()
	doomed.kill()
	first.hold(0, true)
	second.hold(1<<60, false)
	if err := c.wait(); err != nil {
		t.Fatalf("%v\n%s", err, c.errors)
	}
	same(t, target, text)
	if told := c.errors.String(); !strings.Contains(told, "127.0.0.1:"+first.port+" lost ") || !strings.Contains(told, "127.0.0.1:"+second.port+" ok ") {
		t.Errorf("-v: %s", told)
	}
}
