package browser

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// relayPages and nodePages are all pages of the two, and what each of them shows in any case.
var (
	relayPages = map[string]string{"": "circuits", "nodes": "Nodes", "files": "Files", "circuits": "Circuits", "machines": "relay.Session", "api": "/api/v1/"}
	nodePages  = map[string]string{"": "reach", "uploads": "Uploads", "unshared": "shared", "machines": "node.Upload", "api": "/api/v1/"}
)

// TestHostileNamesStayText on each page of a relay and a node: names of files and of members.
func TestHostileNamesStayText(t *testing.T) {
	w := &world{t: t, state: t.TempDir()}
	dir := folder(t, hostile...)
	put(t, dir, ".hidden<b>.txt", nil)
	admit := filepath.Join(t.TempDir(), "admit")
	put(t, filepath.Dir(admit), "admit", []byte(w.id(dir)+" "+hostileName+" both\n"))
	w.relay = start(t, w.state, "relay-server", "--host", "127.0.0.1", "--http", "127.0.0.1:0", "--admit", admit, "0")
	node := w.node(dir)
	b := open(t, w.relay.page())
	for path := range relayPages {
		b.visit(w.relay.page() + path)
		b.awaits(`document.readyState == 'complete'`)
	}
	b.visit(w.relay.page() + "nodes")
	b.shows(hostileName)
	b.visit(w.relay.page() + "files")
	for _, name := range hostile {
		b.shows(name)
	}
	follow(b, `main a[href*="file"]`)
	b = open(t, node.page())
	for path := range nodePages {
		b.visit(node.page() + path)
		b.awaits(`document.readyState == 'complete'`)
	}
	b.visit(node.page() + "unshared")
	b.shows(".hidden<b>.txt")
}

// follow visits all pages that links of a kind lead to.
func follow(b *tab, links string) {
	b.t.Helper()
	all := eval[[]string](b, `[...document.querySelectorAll('`+links+`')].map(a => a.href)`)
	if len(all) == 0 {
		b.t.Errorf("there is no link %s", links)
	}
	for _, one := range all {
		b.visit(one)
	}
}

// TestThePageChangesWhenANodeDies by itself, and keeps what somebody types meanwhile.
func TestThePageChangesWhenANodeDies(t *testing.T) {
	w := begin(t, "--ttl", "3s")
	first, second := folder(t, "one.txt"), folder(t, "two.txt")
	w.node(first)
	node := w.node(second)
	b := open(t, w.relay.page()+"nodes")
	long := w.id(second)
	here := `[...document.querySelectorAll('main tr')].some(r => r.innerHTML.includes("` + long + `") && r.innerText.includes('direct'))`
	b.awaits(here)
	eval[bool](b, `(document.querySelector('input[type=search]').focus(), document.execCommand('insertText', false, 'typed'), true)`)
	node.kill()
	b.awaits("!" + here)
	if is := eval[string](b, `document.activeElement.value`); is != "typed" {
		t.Errorf("what was typed is %q, and has the focus no more", is)
	}
	if again := eval[int](b, `performance.getEntriesByType('navigation').length`); again != 1 {
		t.Error("the page was loaded anew")
	}
}

// TestThePageSaysThatItIsCutOff when its program ends.
func TestThePageSaysThatItIsCutOff(t *testing.T) {
	w := begin(t)
	b := open(t, w.relay.page())
	b.awaits(`document.querySelector('[aria-live]') != null`)
	before := b.text()
	time.AfterFunc(0, func() { w.relay.cmd.Process.Signal(syscall.SIGTERM) })
	b.awaits(`document.querySelector('[aria-live]').innerText.trim() != ''`)
	if b.text() == before {
		t.Error("nothing says that the page is not current any more")
	}
	b.forgive("its log has a line: Failed to load resource: net::ERR")
}

// TestSearchFinds files by a part of their name, and nodes by a part of their id.
func TestSearchFinds(t *testing.T) {
	w := begin(t)
	dir := folder(t, "photos/beach.jpg", "photos/Hill.jpg", "music/song.mp3")
	w.node(dir)
	w.node(folder(t, "other.txt"))
	b := open(t, w.relay.page()+"files")
	b.shows("song.mp3")
	search(b, "beach")
	b.shows("photos/beach.jpg")
	b.hides("song.mp3")
	b.visit(w.relay.page() + "nodes")
	id := w.id(dir)
	search(b, id[:12])
	b.awaits(`document.querySelector('main').innerHTML.includes("` + id + `")`)
	if rows := eval[int](b, `document.querySelectorAll('main tbody tr').length`); rows != 1 {
		t.Errorf("%d nodes are found", rows)
	}
	search(b, "nobody-has-that")
	b.hides(id[:8])
}

// TestTheKeyboardReachesAllOfAStatusPage, a screen reader has a name for each thing, and it is readable.
func TestTheKeyboardReachesAllOfAStatusPage(t *testing.T) {
	w := begin(t)
	dir := folder(t, "photos/beach.jpg", "a.txt")
	put(t, dir, ".hidden", nil)
	node := w.node(dir)
	for of, pages := range map[*process]map[string]string{w.relay: relayPages, node: nodePages} {
		b := open(t, of.page())
		for path, shown := range pages {
			b.visit(of.page() + path)
			b.shows(shown)
			b.isReadable()
			b.isTold()
			b.reachesAll()
		}
	}
}

// TestAPageWorksWithoutScripts: it is whole, and says how it stays current.
func TestAPageWorksWithoutScripts(t *testing.T) {
	w := begin(t)
	w.node(folder(t, "a.txt"))
	b := open(t, w.relay.page())
	withoutScripts(b)
	b.visit(w.relay.page() + "files")
	b.shows("a.txt")
	if eval[int](b, `document.querySelectorAll('noscript meta[http-equiv=refresh], meta[http-equiv=refresh]').length`) == 0 {
		t.Error("the page does not stay current")
	}
}

// pictures are what TestScreenshots makes pictures of: a file's name, whose page, and which one.
var pictures = []struct {
	name, page    string
	ofGateway     bool
	width, height int64
	scheme        string
}{
	{"status", "", false, 1280, 820, "light"},
	{"status-nodes", "nodes", false, 1280, 600, "dark"},
	{"status-machines", "machines", false, 1280, 1000, "light"},
	{"status-phone", "", false, 360, 740, "dark"},
	{"gateway", "files/talks/", true, 1280, 560, "light"},
	{"gateway-phone", "", true, 360, 740, "dark"},
}

// TestScreenshots of both are made where one asks for them, for the README. They take a minute in which something happens.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots DIR")
	}
	w := begin(t)
	busy(t, w)
	for range 60 {
		w.fetch("photos/readme.txt")
		w.fetch("notes.md")
		time.Sleep(time.Second)
	}
	pages := map[bool]string{false: w.relay.page(), true: w.gateway().address()}
	for _, one := range pictures {
		b := open(t, pages[one.ofGateway])
		b.looksLike(one.width, one.height, one.scheme)
		b.visit(pages[one.ofGateway] + one.page)
		b.awaits(`document.readyState == 'complete'`)
		if err := os.WriteFile(filepath.Join(*screenshots, one.name+".png"), shot(b), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
