package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// verdicts keeps what checks complain of.
type verdicts struct {
	*testing.T
	all []string
}

func (v *verdicts) Error(args ...any)                 { v.all = append(v.all, fmt.Sprint(args...)) }
func (v *verdicts) Errorf(format string, args ...any) { v.Error(fmt.Sprintf(format, args...)) }

// faulty is a page with each fault that the checks look for.
const faulty = `<!doctype html><title>x</title><meta name=viewport content="width=device-width">
<h1>one</h1><h3>three</h3><h1>two</h1>
<p style="color:#aaa">grey</p><p style="width:3000px">wide</p><main><p style="font-size:9px">small</p></main>
<a href="/x" style="outline:none">unseen</a> <a href="/y" tabindex="-1">no way there</a>
<input> <button></button>
<img src="http://127.0.0.1:1/other" alt="">
<script>console.log(1); nothing()</script>`

// TestTheChecksSeeWhatIsWrong with a page, each of the faults that the other tests look for.
func TestTheChecksSeeWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, faulty) }))
	defer server.Close()
	b := open(t, server.URL)
	seen := &verdicts{T: t}
	b.t = seen
	b.isReadable()
	b.reachesAll()
	b.isTold()
	b.t = t
	b.awaits(`document.readyState == 'complete'`)
	b.mu.Lock()
	all := strings.Join(append(seen.all, b.wrong...), "\n")
	b.wrong = nil
	b.mu.Unlock()
	for _, part := range []string{
		"is 3", "hard to read: grey", "smaller than 12 pixels: [P]", "does not see that it has the focus: <a href=\"/x\"", "does not reach <a href=\"/y\"",
		"a textbox has no name", "a button has no name", "finds its way", "2 headings", "left out: [1 3 1]", "its language",
		"asks another host", "its console has a line", "its script fails",
	} {
		if !strings.Contains(all, part) {
			t.Errorf("nothing says %q of\n%s", part, all)
		}
	}
}
