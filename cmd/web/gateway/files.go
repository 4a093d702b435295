package gateway

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

const (
	// revalidated is for what may have another content soon: it is kept, and asked for again with its ETag.
	revalidated = "private, no-cache"
	// immutable is for a content by its hash.
	immutable = "private, max-age=31536000, immutable"

	// mostRanges bounds the ranges of one request: each may cost a round trip, and a chunk group.
	mostRanges = 16
)

// serveFiles serves a folder as a page, or the bytes of a file.
func (g *Gateway) serveFiles(w http.ResponseWriter, r *http.Request, path string) {
	name, folder, err := parseName(path)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	if folder {
		g.serveFolder(w, r, name)
		return
	}
	var file peer.Published
	if names := g.list.glance(r.Context()); names != nil {
		var listed bool
		if file, listed = names.Find(name); !listed && len(names.Below(name)) > 0 {
			redirect(w, r, "files", name+"/")
			return
		}
	}
	file.Name = name
	if r.URL.Query().Has("view") && player(typeOf(name)) != "" {
		g.serveView(w, r, file)
		return
	}
	g.serveNamed(w, r, file)
}

// serveNamed serves the content that the list has under a name. If that is nowhere any more, the list is not
// right any more either: then the content that a node has now.
func (g *Gateway) serveNamed(w http.ResponseWriter, r *http.Request, file peer.Published) {
	about := func(header http.Header) {
		describe(header, file.Name, r.URL.Query().Has("download"))
		header.Set("Cache-Control", revalidated)
	}
	err := g.send(w, r, key{file.Name, file.Hash}, file, about)
	if err != nil && !file.Hash.IsZero() && (errors.Is(err, peer.ErrNotFound) || errors.Is(err, protocol.Changed)) {
		err = g.send(w, r, key{name: file.Name}, peer.Published{}, about)
	}
	if err != nil {
		g.fail(w, r, err)
	}
}

// serveHash serves the content with a hash.
func (g *Gateway) serveHash(w http.ResponseWriter, r *http.Request, path string) {
	hash, is := protocol.ParseHash(strings.ToLower(path))
	if !is {
		web.Fail(w, r, http.StatusBadRequest, "a hash has 64 hexadecimal digits")
		return
	}
	name, err := r.URL.Query().Get("name"), error(nil)
	if name != "" {
		if name, _, err = parseName(name); err != nil {
			g.fail(w, r, err)
			return
		}
	}
	about := func(header http.Header) {
		describe(header, name, r.URL.Query().Has("download"))
		if name == "" {
			header.Set("Content-Disposition", disposition(hash.String(), r.URL.Query().Has("download")))
		}
		header.Set("Cache-Control", immutable)
		header.Set("ETag", tag(hash))
	}
	if matches(r, hash) {
		about(w.Header())
		w.WriteHeader(http.StatusNotModified) // what it is does not change: nobody need be asked
		return
	}
	if err := g.send(w, r, key{hash: hash}, peer.Published{}, about); err != nil {
		g.fail(w, r, err)
	}
}

// tag returns the entity tag of a content.
func tag(hash protocol.Hash) string { return `"` + hash.String() + `"` }

// matches reports whether who asks has the content already.
func matches(r *http.Request, hash protocol.Hash) bool {
	return r.Header.Get("If-Match") == "" && strings.TrimPrefix(strings.TrimSpace(r.Header.Get("If-None-Match")), "W/") == tag(hash)
}

// send answers with a content. What is known of it is the file's, as some node has published it: nothing without a hash, nor where
// no byte would have to come that shows that it is not so. About sets the header of
// an answer with it. An error says that nothing was sent, and leaves the header as it was; what fails later ends the
// connection.
func (g *Gateway) send(w http.ResponseWriter, r *http.Request, of key, file peer.Published, about func(http.Header)) error {
	asked := r.Header.Get("Range")
	if strings.Count(asked, ",") >= mostRanges && bytesOf(asked) != "" {
		return errRanges
	}
	is := file.Identity
	if is.Size == 0 {
		is = client.Identity{}
	}
	body := g.contentOf(r.Context(), of, is)
	defer body.close()
	if err := body.known(); err != nil {
		return err
	}
	if asked != "" && unranged(asked, body.is.Size) {
		r = r.Clone(r.Context())
		r.Header.Del("Range")
	}
	before := maps.Clone(w.Header())
	about(w.Header())
	w.Header().Set("ETag", tag(body.is.Hash))
	a := &answer{ResponseWriter: w, body: body, head: r.Method == http.MethodHead}
	http.ServeContent(a, r, "", modified(body, &file), body)
	if a.failed != nil {
		clear(w.Header())
		maps.Copy(w.Header(), before)
		return a.failed
	}
	if err := body.failed(); err != nil {
		if r.Context().Err() == nil && !errors.Is(err, context.Canceled) {
			g.log.Warn("a file ends in the middle", "name", of.name, "hash", body.is.Hash, "why", err)
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}

// bytesOf returns the ranges of bytes that a request asks for; "": of another unit.
func bytesOf(asked string) string {
	unit, ranges, _ := strings.Cut(asked, "=")
	if !strings.EqualFold(unit, "bytes") {
		return ""
	}
	return ranges
}

// unranged reports whether a Range is passed over: one of a unit that is not known has to be, and one of no bytes has no
// Content-Range that could be written.
func unranged(asked string, size uint64) bool {
	ranges := bytesOf(asked)
	if ranges == "" || size == 0 {
		return true
	}
	for one := range strings.SplitSeq(ranges, ",") {
		if last, is := strings.CutPrefix(strings.TrimSpace(one), "-"); is && last != "" && strings.Trim(last, "0") == "" {
			return true
		}
	}
	return false
}

// modified returns when a content was last changed: as the list says, or else the node that the file is open at. A date that has
// not come yet is none: no answer may have one, and by it a later content would pass for one that is known already.
func modified(body *content, file *peer.Published) time.Time {
	date := file.ModTime()
	if date.IsZero() && body.file != nil {
		if is, err := body.file.Stat(); err == nil {
			date = is.ModTime()
		}
	}
	if date.After(time.Now()) {
		return time.Time{}
	}
	return date
}
