package browser

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// address returns where a gateway is.
func (p *process) address() string { return strings.TrimSuffix(strings.Fields(p.ready)[0], "/") + "/" }

// TestHostileNamesStayTextInTheGateway on each page, and in the pages of the files themselves.
func TestHostileNamesStayTextInTheGateway(t *testing.T) {
	w := begin(t)
	dir := folder(t, hostile...)
	put(t, dir, `<i>/deep"/a&b.txt`, []byte("x"))
	put(t, dir, "page.html", []byte(`<script>alert(1)</script><script src="http://127.0.0.1:1/x.js"></script><p>text</p>`))
	put(t, dir, "drawing.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>`))
	w.node(dir)
	gateway := w.gateway()
	b := open(t, gateway.address())
	for _, name := range hostile {
		b.shows(name)
	}
	follow(b, `main a[href*="who/"]`)
	b.visit(gateway.address() + "search?q=" + url.QueryEscape("<svg"))
	b.shows("<svg onload=alert(1)>.txt")
	b.visit(gateway.address() + "files/" + url.PathEscape("<i>") + "/")
	b.shows(`deep"`)
	// No script of a file runs, and nothing of it is asked for elsewhere: the browser says so in its log.
	for _, name := range []string{"page.html", "drawing.svg"} {
		b.visit(gateway.address() + "files/" + name)
		b.awaits(`document.readyState == 'complete'`)
	}
	b.forgive("its log has a line: Blocked script execution")
	b.forgive("its log has a line: Refused to")
	b.forgive("violates the following Content Security Policy directive")
	b.forgive("its log has a line: Loading the script")
	b.forgive("its log has a line: Executing inline")
}

// TestAPlayerSeeks in what it has not loaded: only the end of it is fetched.
func TestAPlayerSeeks(t *testing.T) {
	const seconds = 3600
	w := begin(t)
	dir := t.TempDir()
	silence(t, dir, "talks/long one.wav", seconds)
	node := w.node(dir)
	b := open(t, w.gateway().address()+"files/talks/")
	eval[bool](b, `(document.querySelector('main a[href*="long"]').click(), true)`)
	b.awaits(`document.readyState == 'complete' && document.querySelector('audio, video') != null`)
	b.awaits(`document.querySelector('audio, video').duration == 3600`)
	for _, at := range []int{3590, 30, 1800} {
		done := eval[float64](b, fmt.Sprintf(`new Promise((done, fail) => {
			const p = document.querySelector('audio, video');
			p.onseeked = () => done(p.currentTime);
			p.onerror = () => fail(p.error.message);
			p.currentTime = %d;
		})`, at))
		if done != float64(at) {
			t.Errorf("it is at %v s, and not at %d s", done, at)
		}
	}
	eval[bool](b, `(p => (p.muted = true, p.play().then(() => true)))(document.querySelector('audio, video'))`)
	b.awaits(`document.querySelector('audio, video').currentTime > 1800.5`)
	eval[bool](b, `(document.querySelector('audio, video').pause(), true)`)
	if sent, all := sentBy(t, node), 2*44100*seconds; sent <= 0 || sent >= all/2 {
		t.Errorf("the node has sent %d bytes of %d", sent, all)
	}
	b.isTold()
	b.reachesAll()
	b.isReadable()
}

// TestTheKeyboardReachesAllOfTheGateway, a screen reader has a name for each thing, and it is readable.
func TestTheKeyboardReachesAllOfTheGateway(t *testing.T) {
	w := begin(t)
	busy(t, w)
	gateway := w.gateway()
	b := open(t, gateway.address())
	for path, shown := range map[string]string{"": "photos", "files/photos/2026/": "alps", "who/talks/slides.pdf": "Nodes", "search?q=lake": "lake.jpg"} {
		b.visit(gateway.address() + path)
		b.shows(shown)
		b.isReadable()
		b.isTold()
		b.reachesAll()
	}
	b.visit(gateway.address() + "files/nothing/")
	b.shows("404")
	b.isReadable()
	b.reachesAll()
	b.forgive("404")
}

// TestTheGatewayIsBrowsed by the keyboard alone, from the top to the bytes of a file, and searched.
func TestTheGatewayIsBrowsed(t *testing.T) {
	w := begin(t)
	busy(t, w)
	gateway := w.gateway()
	b := open(t, gateway.address())
	for _, link := range []string{"photos", "2026", "alps"} {
		press(b, link)
	}
	b.shows("summit.jpg")
	press(b, "lake.jpg")
	b.visit(gateway.address())
	search(b, "slides")
	b.shows("talks/slides.pdf")
	b.hides("lake.jpg")
	b.visit(gateway.address() + "files/photos/readme.txt")
	if is := b.text(); is != "the content of photos/readme.txt" {
		t.Errorf("%q", is)
	}
}
