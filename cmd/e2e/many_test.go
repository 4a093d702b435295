package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPatternsFoldersAndSeveralNamesGoIntoAFolder(t *testing.T) {
	t.Parallel()
	photos := map[string]string{
		"photos/a.jpg": "A", "photos/b.jpg": "B", "photos/2026/c.jpg": "C", "photos/2026/notes.txt": "N", "photos/large.jpg": noise(20, 3<<20+1),
	}
	other := map[string]string{"photo [1].jpg": "bracket", "photo 1.jpg": "plain", "empty": "", "photos/d.jpg": "D"}
	relay, _ := network(t, "127.0.0.1", photos, other)
	published(t, relay, len(photos)+len(other))
	for _, c := range []struct {
		args, files string // separated by |
		here        int
	}{
		{"photos/", "photos/2026/c.jpg|photos/2026/notes.txt|photos/a.jpg|photos/b.jpg|photos/d.jpg|photos/large.jpg", 0},
		{"photos", "photos/2026/c.jpg|photos/2026/notes.txt|photos/a.jpg|photos/b.jpg|photos/d.jpg|photos/large.jpg", 0},
		{"photos/*.jpg", "photos/a.jpg|photos/b.jpg|photos/d.jpg|photos/large.jpg", 0},
		{"**/*.txt|empty|photos/2026/", "empty|photos/2026/c.jpg|photos/2026/notes.txt", 0},
		{"photo [1].jpg", "photo [1].jpg", 0},
		{"photo [0-9].jpg", "photo 1.jpg", 0},
		{"empty", "empty", 0},
	} {
		dir := t.TempDir()
		args := append([]string{"-o", dir, "127.0.0.1", relay.port}, strings.Split(c.args, "|")...)
		for _, again := range []bool{false, true} {
			r := run(t, "", "peer-client", args...)
			if r.code != 0 || r.out != "" {
				t.Errorf("%s: exit %d, printed %q: %s", c.args, r.code, r.out, r.err)
			}
			if n := strings.Count(c.files, "|") + 1; again && n > 1 && !strings.Contains(r.err, "0 files fetched; ") {
				t.Errorf("%s, a second time: %s", c.args, r.err)
			} else if n > 1 && !again && !strings.Contains(r.err, fmt.Sprintf("%d files fetched, ", n)) {
				t.Errorf("%s: %s", c.args, r.err)
			}
		}
		if got := strings.Join(tree(t, dir), "|"); got != c.files {
			t.Errorf("%s: there is %s", c.args, got)
		}
		for _, name := range tree(t, dir) {
			text := photos[name] + other[name]
			same(t, filepath.Join(dir, name), text)
		}
	}
	for args, code := range map[string]int{"*.gif": 3, "nothing/": 3, "photos/*.jpg|nowhere": 3} {
		r := run(t, "", "peer-client", append([]string{"-o", t.TempDir(), "127.0.0.1", relay.port}, strings.Split(args, "|")...)...)
		if r.code != code {
			t.Errorf("%s: exit %d: %s", args, r.code, r.err)
		}
	}
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "photos/*.jpg"); r.code != 2 || !strings.Contains(r.err, "-o DIR") {
		t.Errorf("a pattern that is printed: exit %d: %s", r.code, r.err)
	}
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "photos"); r.code != 3 || !strings.Contains(r.err, "is a folder with 6 files") {
		t.Errorf("a folder that is printed: exit %d: %s", r.code, r.err)
	}
}

func TestNamesThatCollideAreReported(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"README": "1", "x/y": "2"}, map[string]string{"readme": "3", "x": "4", "z": "5"})
	published(t, relay, 5)
	dir := t.TempDir()
	r := run(t, "", "peer-client", "-o", dir, "127.0.0.1", relay.port, "**")
	if r.code != 1 || !strings.Contains(r.err, `"x": `) {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	if got := strings.Join(tree(t, dir), " "); got != "README readme x/y z" {
		t.Errorf("there is %s", got)
	}
}

func TestNothingEscapesTheFolder(t *testing.T) {
	t.Parallel()
	relay, _ := network(t, "127.0.0.1", map[string]string{"out/passwd": "evil", "in/a": "good", "b": "good"})
	published(t, relay, 3)
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	r := run(t, "", "peer-client", "-o", dir, "127.0.0.1", relay.port, "**")
	if r.code != 1 || !strings.Contains(r.err, `"out/passwd": `) {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	only(t, outside)
	same(t, filepath.Join(dir, "in/a"), "good")
	same(t, filepath.Join(dir, "b"), "good")
	if r := run(t, "", "peer-client", "-o", dir, "127.0.0.1", relay.port, "out/passwd"); r.code != 1 {
		t.Errorf("alone: exit %d: %s", r.code, r.err)
	}
	only(t, outside)
}

func TestAThousandSmallFilesComeInNoTime(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 1000 {
		files[fmt.Sprintf("many/%02d/%d", i%20, i)] = noise(uint64(1000+i), 4096)
	}
	relay, nodes := network(t, "127.0.0.1", files, files)
	published(t, relay, len(files))
	dir := t.TempDir()
	since := time.Now()
	if r := run(t, "", "peer-client", "-o", dir, "127.0.0.1", relay.port, "many/"); r.code != 0 || !strings.Contains(r.err, "1,000 files fetched, ") {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	if took := time.Since(since); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	for name, text := range files {
		same(t, filepath.Join(dir, name), text)
	}
	os.Remove(filepath.Join(dir, "many/00/0"))
	os.WriteFile(filepath.Join(dir, "many/01/1"), []byte(noise(1, 4096)), 0o644)
	nodes[0].kill()
	if r := run(t, "", "peer-client", "-o", dir, "127.0.0.1", relay.port, "many/"); r.code != 0 || !strings.Contains(r.err, "2 files fetched, ") || !strings.Contains(r.err, "998 files here already") {
		t.Errorf("again: exit %d: %s", r.code, r.err)
	}
	same(t, filepath.Join(dir, "many/00/0"), files["many/00/0"])
	same(t, filepath.Join(dir, "many/01/1"), files["many/01/1"])
}

func TestASilentNodeDoesNotHoldManyFilesUp(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 600 {
		files[fmt.Sprintf("few/%d", i)] = noise(uint64(3000+i), 4096)
	}
	relay := permissive(t)
	_, way := behind(t, relay, files)
	node(t, relay, files)
	eventually(t, 20*time.Second, "both have published all", func() bool {
		return strings.Count(run(t, "", "peer-client", "--list", "127.0.0.1", relay.port).out, "\t2\t1\n") == len(files)
	})
	way.hold(10_000, false)
	dir := t.TempDir()
	r := run(t, "", "peer-client", "-v", "-o", dir, "127.0.0.1", relay.port, "few/")
	if r.code != 0 || !strings.Contains(r.err, "600 files fetched, ") {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	if !strings.Contains(r.err, "127.0.0.1:"+way.port+" interrupted ") { // by us, and not after the reply's own timeout
		t.Errorf("it was waited for: %s", r.err)
	}
	for name, text := range files {
		same(t, filepath.Join(dir, name), text)
	}
}

func TestAMirrorServesWhatItFetched(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a/1": "one", "a/2": noise(30, 2<<20), "b/3": "three"}
	relay := start(t, "relay-server", "--host", "127.0.0.1", "--ttl", "3s", "0")
	origin := node(t, relay, files)
	published(t, relay, 3)
	copies := node(t, relay, map[string]string{"a/1": "mine"}, "--mirror", "a/*", "--mirror", "nothing*")
	eventually(t, 20*time.Second, "the mirror has the file", func() bool {
		return strings.Contains(run(t, "", "peer-client", "--who", "127.0.0.1", relay.port, "a/2").out, copies.ready)
	})
	origin.terminate()
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "a/2"); r.code != 0 || r.out != files["a/2"] {
		t.Errorf("exit %d, %d bytes: %s", r.code, len(r.out), r.err)
	}
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "a/1"); r.out != "mine" {
		t.Errorf("what was there is %q now", r.out)
	}
	if r := run(t, "", "peer-client", "127.0.0.1", relay.port, "b/3"); r.code != 3 {
		t.Errorf("what does not match: exit %d, %q", r.code, r.out)
	}
}
