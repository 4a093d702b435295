package browser

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tab is a page in the browser. Whatever it complains of in its console, and whatever it asks another host
// for, fails its test.
type tab struct {
	t    judge
	ctx  context.Context
	host string // that it may ask

	mu    sync.Mutex
	wrong []string
	asked int // requests
}

// judge is the test of a tab, or what listens to the checks where a test tries them.
type judge interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

// open opens a page in a new tab.
func open(t *testing.T, address string) *tab {
	t.Helper()
	if chromium == nil {
		t.Skip("NOT TESTED: there is no Chromium here")
	}
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(chromium)
	b := &tab{t: t, ctx: ctx, host: at.Host}
	t.Cleanup(func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, one := range b.wrong {
			t.Error(one)
		}
		if b.asked == 0 {
			t.Errorf("%s: no request was seen", address)
		}
	})
	if err := chromedp.Listen(ctx, b.hear); err != nil { // opens the tab, which ends with its context alone
		t.Fatal(err)
	}
	tell(b, network.Enable, network.EnableParams{})
	tell(b, log.Enable, cdp.Empty{})
	tell(b, runtime.Enable, cdp.Empty{})
	b.visit(address)
	return b
}

// hear takes note of what is wrong.
func (b *tab) hear(event any) {
	wrong := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if at, err := url.Parse(e.Request.URL); err != nil || at.Scheme != "data" && at.Scheme != "blob" && at.Host != b.host {
			wrong = "it asks another host: " + e.Request.URL
		}
		b.mu.Lock()
		b.asked++
		b.mu.Unlock()
	case *runtime.EventExceptionThrown:
		wrong = fmt.Sprintf("its script fails: %+v", e.ExceptionDetails)
	case *runtime.EventConsoleAPICalled:
		wrong = fmt.Sprintf("its console has a line (%s)", e.Type)
	case *log.EventEntryAdded:
		wrong = fmt.Sprintf("its log has a line: %s %s", e.Entry.Text, e.Entry.URL)
	case *page.EventJavascriptDialogOpening:
		wrong = "it opens a dialog: " + e.Message
	}
	if wrong != "" {
		b.mu.Lock()
		b.wrong = append(b.wrong, wrong)
		b.mu.Unlock()
	}
}

// forgive takes out what is known to be wrong with the page, since the test has caused it.
func (b *tab) forgive(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := b.wrong[:0]
	for _, one := range b.wrong {
		if !strings.Contains(one, part) {
			kept = append(kept, one)
		}
	}
	b.wrong = kept
}

// tell gives the tab a command of its protocol, and returns the answer.
func tell[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	answer, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatalf("%s: %v", command.Method, err)
	}
	return answer
}

// act has the tab do something, and returns what comes of it.
func act[T any](b *tab, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}

// visit goes to a page, and waits until it is there.
func (b *tab) visit(address string) {
	b.t.Helper()
	act(b, chromedp.Navigate(address))
}

// eval returns the value of an expression.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%v: %s", err, expression)
	}
	return value
}

// text returns what a reader sees of the page.
func (b *tab) text() string {
	b.t.Helper()
	return eval[string](b, `document.body.innerText`)
}

// awaits waits until an expression is true.
func (b *tab) awaits(expression string) {
	b.t.Helper()
	for over := time.Now().Add(patience); time.Now().Before(over); time.Sleep(20 * time.Millisecond) {
		if eval[bool](b, expression) {
			return
		}
	}
	b.t.Fatalf("never true: %s\n%s", expression, b.text())
}

// shows waits until the page shows a text.
func (b *tab) shows(text string) {
	b.t.Helper()
	b.awaits(fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// hides waits until the page does not show a text.
func (b *tab) hides(text string) {
	b.t.Helper()
	b.awaits(fmt.Sprintf(`!document.body.innerText.includes(%q)`, text))
}

// search types a text into the page's search field, and sends it by the keyboard.
func search(b *tab, text string) {
	b.t.Helper()
	eval[bool](b, `(e => (e.focus(), e.select(), true))(document.querySelector('main input[type=search]'))`)
	act(b, chromedp.KeyEvent(text))
	before := eval[string](b, `location.href`)
	act(b, chromedp.KeyEvent(kb.Enter))
	b.awaits(fmt.Sprintf(`location.href != %q && document.readyState == 'complete'`, before))
}

// withoutScripts has the tab run no scripts of pages.
func withoutScripts(b *tab) {
	b.t.Helper()
	tell(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// shot returns a picture of what is seen of the page.
func shot(b *tab) []byte {
	b.t.Helper()
	return act(b, chromedp.CaptureScreenshot())
}

// press follows the link with a text, by the keyboard.
func press(b *tab, link string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll('main a')].find(a => a.innerText.replace('/', '').trim() == %q)`, link)
	b.awaits(find + ` != null`)
	before := eval[string](b, `location.href`)
	eval[bool](b, `(`+find+`.focus(), true)`)
	act(b, chromedp.KeyEvent(kb.Enter))
	b.awaits(fmt.Sprintf(`location.href != %q && document.readyState == 'complete'`, before))
}
