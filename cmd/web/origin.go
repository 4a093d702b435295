package web

import (
	"net/http"
	"net/url"
)

// fromElsewhere reports whether a page of another site has sent a request, and is not a link that
// somebody follows. Browsers say so to this machine and over TLS; reading the answer they forbid in
// any case. What is stopped is that such a page finds out by an image or a script what is here, or
// has us fetch much. Another port of this machine is another site: the browser calls it same-site.
func fromElsewhere(r *http.Request, allowed func(host string) bool) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		follows := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		if !follows || r.Header.Get("Sec-Purpose") != "" { // which is a browser that fetches ahead
			return true
		}
	}
	for _, origin := range r.Header.Values("Origin") {
		from, err := url.Parse(origin)
		if err != nil || from.Host == "" || !allowed(from.Host) {
			return true // also null: a document without an origin, such as one in a sandbox
		}
	}
	return false
}
