package browser

import (
	"encoding/binary"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hostile are names of files that would do harm if a page took them for more than text.
var hostile = []string{
	`<svg onload=alert(1)>.txt`, `"><img src=x onerror=alert(1)>.txt`, `'onmouseover='alert(1).txt`, `{{.}}${1}.txt`,
	`javascript:alert(1)`, `a%2F..%2Fb.txt`, `&lt;b&gt;.txt`, `?search=1#top`, "ü größe 文.txt", strings.Repeat("long", 50) + ".txt",
}

// hostileName is that of a member of a closed relay: one word.
const hostileName = `<script>alert(1)</script>`

// world is a relay with nodes, whose pages are on.
type world struct {
	t     *testing.T
	state string // the folder of the keys
	relay *process
}

// begin starts a relay with a page. It is closed if it admits somebody, an id and a name a line.
func begin(t *testing.T, flags ...string) *world {
	t.Helper()
	w := &world{t: t, state: t.TempDir()}
	w.relay = start(t, w.state, "relay-server", append([]string{"--host", "127.0.0.1", "--http", "127.0.0.1:0", "0"}, flags...)...)
	return w
}

// node starts a node with a page, which shares a folder.
func (w *world) node(folder string, flags ...string) *process {
	w.t.Helper()
	args := append([]string{"--share", folder, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"}, flags...)
	return start(w.t, w.state, "peer-node", append(args, "127.0.0.1", w.relay.port())...)
}

// gateway starts a gateway.
func (w *world) gateway(flags ...string) *process {
	w.t.Helper()
	args := append([]string{"serve", "--http", "127.0.0.1:0"}, flags...)
	return start(w.t, w.state, "peer-client", append(args, "127.0.0.1", w.relay.port())...)
}

// fetch has a client get a file.
func (w *world) fetch(name string) {
	w.t.Helper()
	command := exec.Command(filepath.Join(programs, "peer-client"), "127.0.0.1", w.relay.port(), name)
	command.Env = append(os.Environ(), "XDG_STATE_HOME="+w.state)
	if out, err := command.CombinedOutput(); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
}

// id returns the id of the node that shares a folder.
func (w *world) id(folder string) string {
	w.t.Helper()
	command := exec.Command(filepath.Join(programs, "peer-node"), "id", "--share", folder)
	command.Env = append(os.Environ(), "XDG_STATE_HOME="+w.state)
	out, err := command.Output()
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// folder makes a folder with files by name, each of the same small content for its name.
func folder(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		put(t, dir, name, []byte("the content of "+name))
	}
	return dir
}

func put(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// silence makes a WAV file of so many seconds, 44,100 samples a second of 16 bits. Behind its head it is a hole.
func silence(t *testing.T, dir, name string, seconds int) {
	t.Helper()
	const rate, head = 44100, 44
	size := 2 * rate * seconds
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), uint32(head-8+size))
	b = le.AppendUint32(append(b, "WAVEfmt "...), 16)
	b = le.AppendUint16(le.AppendUint16(b, 1), 1)
	b = le.AppendUint32(le.AppendUint32(b, rate), 2*rate)
	b = le.AppendUint16(le.AppendUint16(b, 2), 16)
	b = le.AppendUint32(append(b, "data"...), uint32(size))
	put(t, dir, name, b)
	if err := os.Truncate(filepath.Join(dir, filepath.FromSlash(name)), int64(head+size)); err != nil {
		t.Fatal(err)
	}
}

// team is what the machines of a small team have: files, and their sizes in KiB.
var team = []map[string]int64{
	{"photos/readme.txt": 1, "photos/2026/alps/lake.jpg": 3517, "photos/2026/alps/summit.jpg": 4190, "photos/2026/sea/beach.jpg": 2811, "notes.md": 4},
	{"photos/2026/alps/lake.jpg": 3517, "photos/2026/alps/summit.jpg": 4190, "talks/opening.mp4": 71_680, "talks/slides.pdf": 2300, "talks/questions.ogg": 9410},
	{"talks/opening.mp4": 71_680, "talks/slides.pdf": 2300, "talks/handout.txt": 12, "talks/code/demo.zip": 812, "backup/2026-11-27.tar": 40_960},
}

// busy gives a relay nodes with the files of a small team. Behind its name each file is a hole.
func busy(t *testing.T, w *world) {
	t.Helper()
	for _, files := range team {
		dir := t.TempDir()
		for name, size := range files {
			text := "the content of " + name
			put(t, dir, name, []byte(text))
			if size > 1 {
				if err := os.Truncate(filepath.Join(dir, filepath.FromSlash(name)), size<<10); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.node(dir)
	}
}

// sentBy returns how many bytes of files a node has sent, as its API says.
func sentBy(t *testing.T, node *process) int {
	t.Helper()
	answer, err := http.Get(node.page() + "api/v1/totals")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var totals struct {
		Sent int `json:"sent_bytes"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&totals); err != nil {
		t.Fatal(err)
	}
	return totals.Sent
}
