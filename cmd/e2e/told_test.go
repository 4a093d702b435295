package e2e

import (
	"strings"
	"testing"
	"time"
)

func TestVariantsAreToldAndAHashPicksOne(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"v": "one\n"}, map[string]string{"v": "two\n"}, map[string]string{"w": "alone\n"})
	published(t, relay, 3)
	one, two := hashOf("one\n"), hashOf("two\n")
	list := run(t, "", "peer-client", "--list", "127.0.0.1", relay.port)
	for _, line := range []string{"v\t4\t" + one + "\t1\t2\n", "v\t4\t" + two + "\t1\t2\n", "w\t6\t" + hashOf("alone\n") + "\t1\t1\n"} {
		if !strings.Contains(list.out, line) {
			t.Errorf("--list lacks %q:\n%s", line, list.out)
		}
	}
	for hash, text := range map[string]string{one: "one\n", two: "two\n", one[:6]: "one\n", strings.ToUpper(two): "two\n"} {
		if r := run(t, "", "peer-client", "--hash", hash, "127.0.0.1", relay.port, "v"); r.code != 0 || r.out != text {
			t.Errorf("--hash %s: exit %d, %q: %s", hash, r.code, r.out, r.err)
		}
	}
	if r := run(t, "", "peer-client", "--hash", two, "127.0.0.1", relay.port); r.code != 0 || r.out != "two\n" {
		t.Errorf("by hash alone: exit %d, %q: %s", r.code, r.out, r.err)
	}
	if r := run(t, "", "peer-client", "--hash", hashOf("none"), "127.0.0.1", relay.port); r.code != 3 || r.out != "" {
		t.Errorf("a hash of nothing: exit %d, %q: %s", r.code, r.out, r.err)
	}
	r := run(t, "", "peer-client", "--sources", "1", "127.0.0.1", relay.port, "v")
	others := map[string]string{"one\n": two, "two\n": one}
	if r.code != 0 || others[r.out] == "" || r.err != "1 node has other content under this name: "+others[r.out]+"; --hash picks one\n" {
		t.Errorf("any: exit %d, %q: %s", r.code, r.out, r.err)
	}
	if r := run(t, "", "peer-client", "-o", t.TempDir(), "127.0.0.1", relay.port, "[vw]"); r.code != 0 || !strings.Contains(r.err, "1 node has other content under the name \"v\": ") {
		t.Errorf("as a pattern: exit %d: %s", r.code, r.err)
	}
}

func TestWhoHasItIsTold(t *testing.T) {
	t.Parallel()
	relay, nodes := network(t, "127.0.0.1", map[string]string{"a": "1"}, map[string]string{"a": "1"}, map[string]string{"b": "2"})
	silent := node(t, relay, map[string]string{"a": "1"}, "--no-publish")
	published(t, relay, 2)
	var r result
	eventually(t, 10*time.Second, "both are told", func() bool {
		r = run(t, "", "peer-client", "--who", "127.0.0.1", relay.port, "a")
		return strings.Count(r.out, hashOf("1")) == 2
	})
	for _, line := range []string{nodes[0].ready + "\t1\t" + hashOf("1") + "\n", nodes[1].ready + "\t1\t" + hashOf("1") + "\n", silent.ready + "\t-\t-\n"} {
		if !strings.Contains(r.out, line) {
			t.Errorf("--who lacks %q:\n%s%s", line, r.out, r.err)
		}
	}
	if strings.Contains(r.out, nodes[2].ready) {
		t.Errorf("a node without the file is told:\n%s", r.out)
	}
	silent.terminate()
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "--who", "nowhere"); r.code != 3 || r.out != "" {
		t.Errorf("exit %d, %q: %s", r.code, r.out, r.err)
	}
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "--list", "x*"); r.code != 3 || r.out != "" {
		t.Errorf("exit %d, %q: %s", r.code, r.out, r.err)
	}
}
