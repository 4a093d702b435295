package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// remembering starts a relay that knows at its next start that it has run.
func remembering(t *testing.T, state, port string, ttl time.Duration) *process {
	t.Helper()
	return start(t, "relay-server", "--host", "127.0.0.1", "--ttl", ttl.String(), "--state", state, port)
}

// marked waits until a relay has kept that it had so many nodes.
func marked(t *testing.T, state, port string, nodes int) {
	t.Helper()
	eventually(t, 20*time.Second, "the mark is written", func() bool {
		text, _ := os.ReadFile(filepath.Join(state, "relay-"+port+".json"))
		return strings.Contains(string(text), fmt.Sprintf(`"nodes":%d}`, nodes))
	})
}

// TestARelayThatStartsForTheFirstTimeIsCertain: a new user hears that nobody has it.
func TestARelayThatStartsForTheFirstTimeIsCertain(t *testing.T) {
	t.Parallel()
	relay := remembering(t, t.TempDir(), freePort(t), time.Minute)
	for args, says := range map[string]string{"nowhere": "no node is registered", "--list": "nothing is published", "--who nowhere": "no node is registered", "--list z*": "no published name"} {
		code := 3
		if args == "--list" {
			code = 0
		}
		if r := run(t, "", "peer-client", append([]string{"--relay", relay.ready}, strings.Fields(args)...)...); r.code != code || !strings.Contains(r.err, says) {
			t.Errorf("%s: exit %d: %s", args, r.code, r.err)
		}
	}
}

// TestARelayThatWasKilledIsYoung: what its nodes have is not certainly gone, until a TTL has passed.
func TestARelayThatWasKilledIsYoung(t *testing.T) {
	t.Parallel()
	state, port, ttl := t.TempDir(), freePort(t), 9*time.Second
	relay := remembering(t, state, port, ttl)
	doomed := node(t, relay, map[string]string{"a": "1"})
	published(t, relay, 1)
	marked(t, state, port, 1)
	doomed.kill()
	relay.kill()
	since := time.Now()
	relay = remembering(t, state, port, ttl)
	for _, args := range []string{"a", "-o DIR a", "-o DIR a b", "-o DIR **", "a b", "--list", "--list a*", "--who a", "--hash " + hashOf("1"), "--hash 1234 a"} {
		words := strings.Fields(strings.ReplaceAll(args, "DIR", t.TempDir()))
		r := run(t, "", "peer-client", append([]string{"--relay", relay.ready}, words...)...)
		if time.Since(since) < ttl && (r.code != 6 || r.out != "" || !strings.Contains(r.err, "the relay was restarted, and may lack nodes for another ")) {
			t.Errorf("%s: exit %d: %s", args, r.code, r.err)
		}
	}
	for args, kinds := range map[string]string{"a": "file end", "-o DIR a b*": "file file end", "--list": "end", "--who a": "end", "--hash 1234 a": "file end", "--wait=1s -o DIR a": "waiting file end"} {
		words := strings.Fields(strings.ReplaceAll(args, "DIR", t.TempDir()))
		r := run(t, "", "peer-client", append([]string{"--json", "--relay", relay.ready}, words...)...)
		told := ""
		for _, event := range objects(t, args, r.out+r.err) {
			switch kind := fmt.Sprint(event["event"]); {
			case time.Since(since) >= ttl: // it is not young any more
				return
			case kind == "waiting" && !strings.Contains(told, kind):
				event.check(t, args, object{"publishing": 0, "indexing": []any{}})
				told += " " + kind
			case kind == "file":
				event.check(t, args, object{"outcome": "too-early", "exit_code": 6})
				told += " " + kind
			case kind == "end":
				event.check(t, args, object{"exit_code": 6})
				told += " " + kind
			}
		}
		if told != " "+kinds {
			t.Errorf("--json %s:%s", args, told)
		}
	}
	r := run(t, "", "peer-client", "--wait", "--relay", relay.ready, "a")
	if took := time.Since(since); r.code != 3 || took < ttl-time.Second || !strings.Contains(r.err, "waiting for at most 2m0s: the relay was restarted") {
		t.Errorf("it waited for %v, exit %d: %s", took, r.code, r.err)
	}
	if r := run(t, "", "peer-client", "--relay", relay.ready, "--list"); r.code != 0 {
		t.Errorf("when it is not young any more: exit %d: %s", r.code, r.err)
	}
}

// TestNodesComeBackToARelayThatWasKilled: nobody hears meanwhile that they are not there.
func TestNodesComeBackToARelayThatWasKilled(t *testing.T) {
	t.Parallel()
	state, port := t.TempDir(), freePort(t)
	relay := remembering(t, state, port, 3*time.Second)
	node(t, relay, map[string]string{"a": "1", "d/x": "2"})
	node(t, relay, map[string]string{"b": "3"})
	published(t, relay, 3)
	marked(t, state, port, 2)
	relay.kill()
	relay = remembering(t, state, port, time.Minute) // much longer than nodes need
	dir := filepath.Join(t.TempDir(), "all")
	waiting := begin(t, "--wait", "-o", dir+"/", "--relay", relay.ready, "**")
	eventually(t, 20*time.Second, "a node is back", func() bool {
		r := run(t, "", "peer-client", "--relay", relay.ready, "d/x")
		if r.code != 0 && r.code != 6 {
			t.Fatalf("exit %d: %s", r.code, r.err)
		}
		return r.code == 0
	})
	if err := waiting.wait(); err != nil {
		t.Errorf("%v: %s", err, waiting.errors)
	}
	if got := strings.Join(tree(t, dir), " "); got != "a b d/x" {
		t.Errorf("there is %s: %s", got, waiting.errors)
	}
	eventually(t, 20*time.Second, "all are back", func() bool {
		return run(t, "", "peer-client", "--relay", relay.ready, "nowhere").code == 3 // long before the TTL is over
	})
}

// TestAListBehindReadyIsNotTheWhole: the user hears so, and never that all is there.
func TestAListBehindReadyIsNotTheWhole(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 5000 {
		files[fmt.Sprintf("d%02d/%d", i%50, i)] = fmt.Sprint(i)
	}
	relay := start(t, "relay-server", "--host", "127.0.0.1", "--log-level", "warn", "0")
	silent := node(t, relay, map[string]string{"secret": "1"}, "--no-publish")
	node(t, relay, files)
	count := func(dir string) int { return len(tree(t, dir)) }
	first, list := t.TempDir(), run(t, "", "peer-client", "--relay", relay.ready, "--list")
	if n := strings.Count(list.out, "\n"); (list.code != 0 || n != len(files)) && (list.code != 6 || !strings.Contains(list.err, "there may be more: 1 node is still publishing; --wait waits")) {
		t.Errorf("--list: %d names, exit %d: %s", n, list.code, list.err)
	}
	if !strings.Contains(list.err, "1 node may have files that are not published: "+silent.ready) {
		t.Errorf("the silent node is not named: %s", list.err)
	}
	r := run(t, "", "peer-client", "--relay", relay.ready, "-o", first, "**")
	if n := count(first); (r.code != 0 || n != len(files)) && (r.code != 6 || !strings.Contains(r.err, "1 node is still publishing")) {
		t.Errorf("%d files, exit %d: %s", n, r.code, r.err)
	}
	second := t.TempDir()
	if r = run(t, "", "peer-client", "--wait", "--relay", relay.ready, "-o", second, "**"); r.code != 0 || count(second) != len(files) {
		t.Errorf("--wait: %d files, exit %d: %s", count(second), r.code, r.err)
	}
}

// TestARelayWithoutAStateFolderServes, and says what that means.
func TestARelayWithoutAStateFolderServes(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	relay := remembering(t, filepath.Join(file, "state"), freePort(t), time.Minute)
	if r := run(t, "", "peer-client", "--relay", relay.ready, "nowhere"); r.code != 3 {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	relay.terminate()
	if told := relay.errors.String(); !strings.Contains(told, "nothing can be kept for the next start") || !strings.Contains(told, "set --state") {
		t.Error(told)
	}
}

// TestWhileANodeHashesNothingIsCertainlyNotThere: a content that is asked for by its hash may be in what is hashed; names
// are found beside it all the same.
func TestWhileANodeHashesNothingIsCertainlyNotThere(t *testing.T) {
	t.Parallel()
	relay := start(t, "relay-server", "--host", "127.0.0.1", "--log-level", "warn", "0")
	giant, small := folder(t, map[string]string{"giant": "g"}), t.TempDir()
	if err := os.Truncate(filepath.Join(giant, "giant"), 1<<40); err != nil { // a hole, which takes minutes to be hashed
		t.Skip(err)
	}
	start(t, "peer-node", "--index", "-", "--share", "g="+giant, "--share", "s="+small, "--listen", "127.0.0.1:0", "127.0.0.1", relay.port)
	ask := func(args ...string) result {
		return run(t, "", "peer-client", append([]string{"--relay", relay.ready}, args...)...)
	}
	r := ask("--hash", hashOf("2"))
	if r.code != 6 || !strings.Contains(r.err, "was not found so far, which may change: ") || !strings.Contains(r.err, "; --wait waits for that") {
		t.Errorf("by a hash: exit %d: %s", r.code, r.err)
	}
	if err := os.WriteFile(filepath.Join(small, "second"), []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r = ask("--wait", "--hash", hashOf("2")); r.code != 0 || r.out != "2" {
		t.Errorf("by its hash, with --wait: exit %d: %s", r.code, r.err)
	}
	eventually(t, 20*time.Second, "its name is published", func() bool { return ask("s/second").out == "2" })
	since := time.Now()
	if r = ask("--wait=2s", "--hash", hashOf("3")); r.code != 6 || time.Since(since) < 2*time.Second || !strings.Contains(r.err, "waiting for at most 2s: ") {
		t.Errorf("with --wait=2s: exit %d after %v: %s", r.code, time.Since(since), r.err)
	}
	list := ask("--list")
	if !strings.Contains(list.out, "g/giant\t1099511627776\t-\t1\t1\n") && list.code != 6 {
		t.Errorf("--list: exit %d: %s%s", list.code, list.out, list.err)
	}
}
