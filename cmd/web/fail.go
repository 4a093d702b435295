package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// failurePages are the pages of errors.
var failurePages = sync.OnceValue(func() *Pages { return NewPages(nil, nil) })

// Fail writes an error page, or one line of text for whoever does not ask for HTML. The text is
// shown to people: what happened, and what to do about it.
func Fail(w http.ResponseWriter, r *http.Request, code int, text string) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	for _, of := range []string{"ETag", "Last-Modified", "Content-Range", "Content-Encoding", "Content-Disposition"} {
		header.Del(of) // of what was to be sent in its place
	}
	if AcceptsHTML(r) {
		failurePages().Write(w, r, code, Page{Title: fmt.Sprintf("%d %s", code, http.StatusText(code)), Template: "failed", Body: text})
		return
	}
	line := Shown(text) + "\n"
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(line)))
	header.Add("Vary", "Accept")
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		fmt.Fprint(w, line)
	}
}

// failed writes that a page could not be made. The log of the door says why; without a door, as in a
// test, the page does.
func failed(w http.ResponseWriter, r *http.Request, err error) {
	text := "this page could not be made"
	if log := visitOf(r).sampled; log != nil {
		log.at(errorLevel, text, []any{"path", cli.ForDisplay(r.URL.Path), "why", err})
	} else {
		text += ": " + err.Error()
	}
	Fail(w, r, http.StatusInternalServerError, text)
}

// AcceptsHTML reports whether whoever sent a request asks for HTML by name, as browsers do and
// programs do not.
func AcceptsHTML(r *http.Request) bool { return accepts(r, "text/html") }

// accepts reports whether a request names a media type, with a weight that is not 0.
func accepts(r *http.Request, media string) bool {
	for _, line := range r.Header.Values("Accept") {
		for choice := range strings.SplitSeq(line, ",") {
			kind, parameters, _ := strings.Cut(choice, ";")
			if !strings.EqualFold(strings.TrimSpace(kind), media) {
				continue
			}
			q, is := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(parameters), " ", ""), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return !is || err != nil || weight > 0
		}
	}
	return false
}
