package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Path returns the link to a page of the door that a request came through: the base path and elem,
// escaped, with slashes between them. A slash within an element stays one, so that a name with
// folders is one element; one at the end of the last element is kept. Without elements it is the
// first page.
func Path(r *http.Request, elem ...string) string { return pathBelow(baseOf(r), elem) }

func pathBelow(base string, elem []string) string {
	var parts []string
	for _, e := range elem {
		for part := range strings.SplitSeq(e, "/") {
			if part != "" {
				parts = append(parts, url.PathEscape(part))
			}
		}
	}
	path := base + strings.Join(parts, "/")
	if len(parts) > 0 && strings.HasSuffix(elem[len(elem)-1], "/") {
		path += "/"
	}
	return path
}

// Query returns a link with parameters: names and values in turn. Those without a value are left
// out.
func Query(path string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// visit is what the door knows of a request.
type visit struct {
	base    string          // "/", or "/p/"
	ending  <-chan struct{} // is closed when the door begins to end
	sampled *sampled        // nil: there is no door
	still   func() bool     // reports whether who has sent it may still be here; nil: yes
}

type visitKey struct{}

func visitOf(r *http.Request) visit {
	v, _ := r.Context().Value(visitKey{}).(visit)
	return v
}

func withVisit(r *http.Request, v visit) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
}

// baseOf returns the base path of a request; of one that came through no door, as in a test, "/".
func baseOf(r *http.Request) string {
	if base := visitOf(r).base; base != "" {
		return base
	}
	return "/"
}

// Ending returns a channel that is closed when the door begins to end: what goes on for as long as
// somebody reads should end then. Of a request that came through no door it is nil.
func Ending(r *http.Request) <-chan struct{} { return visitOf(r).ending }
