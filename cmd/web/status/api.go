package status

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// apiPath is where the API is, below the base.
const apiPath = "api/v1/"

// maxSearch is the most bytes of a search: no name is longer.
const maxSearch = protocol.MaxName

// ask is what a program may be asked for.
type ask struct {
	path, about string
	parameters  []parameter
	shape       any // a value of the answer's type
	load        func(url.Values) (any, *problem)
}

// The parameters that several answers have.
var (
	searchIn = func(where string) parameter { return parameter{"search", "leaves out what does not have it: " + where} }
	cursorIs = parameter{"cursor", "next of the page before; left out, the first page"}
	limitIs  = parameter{"limit", fmt.Sprintf("rows at most: 1 to %d, %d if left out", peer.MostPageLimit, peer.PageLimit)}
)

// answer writes what was asked for, as JSON.
func (s *site) answer(w http.ResponseWriter, r *http.Request, path string) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		failAsked(w, r, badParameter("the query is malformed"))
		return
	}
	if path == "" {
		writeJSON(w, r, http.StatusOK, s.index())
		return
	}
	for _, a := range s.asks {
		if a.path != path {
			continue
		}
		for name := range query {
			if !slices.ContainsFunc(a.parameters, func(p parameter) bool { return p.Name == name }) {
				failAsked(w, r, badParameter(fmt.Sprintf("there is no parameter %.40q; %s", name, a.has())))
				return
			}
		}
		body, wrong := a.load(query)
		if wrong != nil {
			failAsked(w, r, wrong)
			return
		}
		writeJSON(w, r, http.StatusOK, body)
		return
	}
	failAsked(w, r, &problem{http.StatusNotFound, "not-found", "there is nothing at this path; /" + apiPath + " lists what there is"})
}

// has says which parameters there are.
func (a ask) has() string {
	if len(a.parameters) == 0 {
		return "there is none here"
	}
	return "there are: " + strings.Join(each(a.parameters, func(p parameter) string { return p.Name }), ", ")
}

// index returns what can be asked for.
func (s *site) index() apiIndex {
	return apiIndex{s.program, s.version, 1, each(s.asks, func(a ask) endpoint {
		return endpoint{a.path, a.about, append([]parameter{}, a.parameters...)}
	})}
}

func badParameter(text string) *problem {
	return &problem{http.StatusBadRequest, "bad-parameter", text}
}

func failAsked(w http.ResponseWriter, r *http.Request, p *problem) {
	writeJSON(w, r, p.status, apiError{errorText{p.code, p.text}})
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false) // nobody takes it for HTML
	if err := encoder.Encode(body); err != nil {
		status = http.StatusInternalServerError
		data.Reset()
		encoder.Encode(apiError{errorText{"internal", "the answer cannot be written"}})
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(data.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(data.Bytes())
	}
}

// pageQuery reads which page is asked for.
func pageQuery(query url.Values) (q peer.PageQuery, wrong *problem) {
	q = peer.PageQuery{Search: query.Get("search"), Cursor: query.Get("cursor")}
	if len(q.Search) > maxSearch || len(q.Cursor) > maxSearch {
		return q, badParameter(fmt.Sprintf("search and cursor have at most %d bytes", maxSearch))
	}
	if text := query.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 1 || limit > peer.MostPageLimit {
			return q, &problem{http.StatusBadRequest, "bad-limit", fmt.Sprintf("limit is a number from 1 to %d", peer.MostPageLimit)}
		}
		q.Limit = limit
	}
	return q, nil
}

// fileQuery reads which file is asked for.
func fileQuery(query url.Values) (name string, hash protocol.Hash, wrong *problem) {
	name = query.Get("name")
	if text := query.Get("hash"); text != "" {
		var is bool
		if hash, is = protocol.ParseHash(text); !is {
			return name, hash, &problem{http.StatusBadRequest, "bad-hash", "a hash is 64 hexadecimal digits"}
		}
	}
	switch {
	case name == "" && hash.IsZero():
		return name, hash, &problem{http.StatusBadRequest, "bad-name", "name or hash is needed: which file it is about"}
	case len(name) > protocol.MaxName:
		return name, hash, &problem{http.StatusBadRequest, "bad-name", fmt.Sprintf("a name has at most %d bytes", protocol.MaxName)}
	}
	return name, hash, nil
}
