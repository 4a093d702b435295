package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// object is a line of JSON.
type object map[string]any

// objects reads lines of JSON, and demands that nothing else is there.
func objects(t *testing.T, what, text string) (lines []object) {
	t.Helper()
	for line := range strings.Lines(text) {
		var one object
		if err := json.Unmarshal([]byte(line), &one); err != nil || !strings.HasSuffix(line, "\n") {
			t.Errorf("%s: %q is no line of JSON: %v", what, line, err)
		}
		checkDurations(t, what, one)
		lines = append(lines, one)
	}
	return lines
}

var duration = regexp.MustCompile(`^[0-9.]+(h|m|s|ms|µs|ns)$`)

// checkDurations demands that a line has no duration but in a key that says so.
func checkDurations(t *testing.T, what string, line object) {
	t.Helper()
	for key, value := range line {
		if text, is := value.(string); is && duration.MatchString(text) {
			t.Errorf("%s: %s is %s", what, key, text)
		}
		if n, is := value.(float64); strings.HasSuffix(key, "_ms") && (!is || n < 0 || n > 1e7) {
			t.Errorf("%s: %s is %v", what, key, value)
		}
		if n, is := value.(float64); is && n > 1e15 && key != "epoch" {
			t.Errorf("%s: %s is %v", what, key, value)
		}
	}
}

// check demands values of some keys.
func (o object) check(t *testing.T, what string, values object) {
	t.Helper()
	for key, value := range values {
		if fmt.Sprint(o[key]) != fmt.Sprint(value) {
			t.Errorf("%s: %s is %v instead of %v in %v", what, key, o[key], value, o)
		}
	}
}

func TestEventsAreOneObjectALine(t *testing.T) {
	t.Parallel()
	relay, nodes := network(t, "127.0.0.1", map[string]string{"a": "1", "v": "one", "d/x": "X", "D/x": "Y"}, map[string]string{"v": "two"})
	published(t, relay, 5)
	file := filepath.Join(t.TempDir(), "there")
	os.WriteFile(file, []byte("1"), 0o644)
	for _, x := range []struct {
		args   string // DIR is a folder, HASH that of "1"
		code   int
		events string // the kinds but progress, variants and tried
		first  object // what the first of these has
	}{
		{"a", 0, "file end", object{"outcome": "fetched", "bytes": 1, "exit_code": 0, "sources": []any{nodes[0].ready}, "hash": hashOf("1"), "to": nil}},
		{"-o /dev/fd/1 a", 0, "file end", object{"outcome": "fetched", "to": nil}},
		{"-o DIR a", 0, "file end", object{"outcome": "fetched", "to": "DIR/a", "name": "a"}},
		{"-o " + file + " a", 0, "file end", object{"outcome": "here", "kept_bytes": 1, "sources": []any{}}},
		{"-o DIR a v", 0, "file file end", object{"outcome": "fetched"}},
		{"-o DIR d D", 0, "file file end", object{"outcome": "fetched"}},
		{"-o DIR z* a", 3, "file file end", object{}},
		{"-o DIR z*", 3, "file end", object{"outcome": "not-found", "exit_code": 3, "to": nil}},
		{"-o DIR d", 0, "file end", object{"name": "d/x"}},
		{"d", 3, "file end", object{"outcome": "not-found"}},
		{"zz", 3, "file end", object{"outcome": "not-found", "text": `no node has "zz"`}},
		{"a zz", 3, "file file end", object{"outcome": "fetched"}},
		{"a d/*", 2, "file file end", object{"outcome": "fetched"}},
		{"--hash HASH", 0, "file end", object{"outcome": "fetched", "hash": hashOf("1"), "name": nil}},
		{"--hash 0000 a", 3, "file end", object{"outcome": "not-found", "exit_code": 3, "name": "a"}},
		{"-o /proc/x a", 1, "file end", object{"outcome": "disk-failed", "code": "disk"}},
		{"-o DIR/no/x a", 1, "end", object{"exit_code": 1}},
		{"--list", 0, "listed listed listed listed listed end", object{"name": "D/x", "hash": hashOf("Y"), "bytes": 1, "nodes": 1, "contents": 1}},
		{"--list z*", 3, "end", object{"exit_code": 3}},
		{"--who a", 0, "holder end", object{"node": nodes[0].ready, "hash": hashOf("1"), "bytes": 1}},
		{"--who zz", 3, "end", object{"exit_code": 3}},
		{"/", 2, "end", object{"exit_code": 2}},
		{"--sources 0 a", 2, "end", object{"exit_code": 2}},
		{"", 2, "end", object{"exit_code": 2}},
	} {
		dir := t.TempDir()
		args := strings.NewReplacer("DIR", dir, "HASH", hashOf("1")).Replace(x.args)
		r := run(t, "", "peer-client", append([]string{"--json", "--relay", relay.ready}, strings.Fields(args)...)...)
		text, content := r.out, r.err
		if !strings.Contains(strings.Replace(x.args, "-o /dev/fd/1", "", 1), "-o") && !strings.Contains(x.args, "--list") && !strings.Contains(x.args, "--who") {
			text, content = r.err, ""
		}
		events, kinds := objects(t, x.args, text), ""
		var told []object
		for _, event := range events {
			if kind := fmt.Sprint(event["event"]); kind != "progress" && kind != "variants" && kind != "tried" {
				kinds += " " + kind
				told = append(told, event)
			}
		}
		if r.code != x.code || kinds != " "+x.events || content != "" {
			t.Errorf("%s: exit %d, %s\n%s\n%s", x.args, r.code, kinds, r.out, r.err)
			continue
		}
		for key, value := range x.first {
			if text, is := value.(string); is {
				x.first[key] = strings.Replace(text, "DIR", dir, 1)
			}
		}
		told[0].check(t, x.args, x.first)
		told[len(told)-1].check(t, x.args, object{"exit_code": x.code})
	}
}

func TestACommandLineThatCannotBeReadIsToldInJSON(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"peer-client --json", "peer-client --log-json --nonsense", "peer-client --nonsense --json", "peer-client --log-json --sources x",
		"peer-node --log-json", "peer-node --log-json 1 2 3", "peer-node --log-json --share /nowhere/at/all --relay h:1", "relay-server --log-json x",
		"relay-server --log-json --ttl 1s 0", "demo --log-json --nodes 0",
	} {
		words := strings.Fields(args)
		r := run(t, "", words[0], words[1:]...)
		lines := objects(t, args, r.err)
		if len(lines) != 1 || r.out != "" || r.code == 0 {
			t.Errorf("%s: exit %d, %q, %q", args, r.code, r.out, r.err)
			continue
		}
		lines[0].check(t, args, object{"@level": "error", "exit_code": r.code, "@module": words[0]})
	}
}

// What servers and a client log in a life with failures is JSON, line for line.
func TestAllOfStandardErrorIsJSON(t *testing.T) {
	t.Parallel()
	loud := []string{"--log-json", "--log-level", "trace"}
	relay := start(t, "relay-server", append(loud, "--host", "127.0.0.1", "--ttl", "3s", "0")...)
	sharing := node(t, relay, map[string]string{"a": "1", "big": noise(71, 3<<20), "v": "one"}, loud...)
	node(t, relay, map[string]string{"v": "two", "b": "2"}, loud...)
	published(t, relay, 5)
	mirror := node(t, relay, nil, append(loud, "--mirror", "b*")...)
	eventually(t, 20*time.Second, "the mirror has the files", func() bool { return strings.Contains(mirror.errors.String(), `"mirrored"`) })
	dir := t.TempDir()
	for _, args := range []string{"a", "v", "zz", "-o DIR big", "-o DIR big", "-o DIR a v z*", "-v a", "-o DIR **", "-o /proc/x a", "--list z*", "/", "d x y"} {
		what := args
		args := strings.Fields(strings.ReplaceAll(args, "DIR", dir))
		for _, level := range []string{"trace", "info", "off"} {
			r := run(t, "", "peer-client", append([]string{"--relay", relay.ready, "--log-json", "--log-level", level}, args...)...)
			if lines := objects(t, what, r.err); r.code != 0 && (len(lines) == 0 || !strings.Contains(r.err, `"@level":"error"`)) {
				t.Errorf("%s: exit %d, and at the level %q no failure is told: %s", what, r.code, level, r.err)
			}
		}
	}
	relay.kill()
	eventually(t, 20*time.Second, "the relay is missed", func() bool { return strings.Contains(sharing.errors.String(), `"again_ms"`) })
	sharing.terminate()
	for name, p := range map[string]*process{"relay": relay, "node": sharing, "mirror": mirror} {
		if name == "mirror" {
			p.terminate()
		}
		if lines := objects(t, name, p.errors.String()); len(lines) < 5 {
			t.Errorf("the %s has logged %d lines", name, len(lines))
		}
	}
	for _, key := range []string{`"took_ms"`, `"ttl_ms"`, `"by":"node"`} {
		if !strings.Contains(sharing.errors.String(), key) {
			t.Errorf("the node has logged nothing with %s", key)
		}
	}
}
