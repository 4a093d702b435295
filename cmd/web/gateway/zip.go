package gateway

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// mostZipped bounds the files of one zip: its directory is kept until its end.
const mostZipped = 100_000

var errNothing = errors.New("no folder with that name is listed, or nothing in it is shown")

// serveZip sends a folder as one file, stored and not compressed. What fails before the first byte is a status;
// what fails later ends the connection, and with it the file of whoever takes it.
func (g *Gateway) serveZip(w http.ResponseWriter, r *http.Request, path string) {
	name, folder, err := parseName(path)
	switch {
	case err != nil:
		g.fail(w, r, err)
		return
	case !folder:
		redirect(w, r, "zip", name+"/")
		return
	}
	is := g.listOf(r.Context(), name)
	if is.Snapshot == nil {
		g.fail(w, r, is.Err)
		return
	}
	files := zipped(is.Snapshot, name, r.URL.Query().Get("hidden") == "1")
	switch {
	case len(files) == 0:
		web.Fail(w, r, http.StatusNotFound, errNothing.Error())
		return
	case len(files) > mostZipped:
		web.Fail(w, r, http.StatusForbidden, fmt.Sprintf("more than %d files are not put into one: take folders within this one", mostZipped))
		return
	}
	if r.Method == http.MethodHead {
		describeZip(w.Header(), name)
		return
	}
	if !g.zips.try() {
		g.fail(w, r, errBusy)
		return
	}
	defer g.zips.leave()
	g.findHolders(r.Context(), name, files)
	g.sendZip(w, r, name, files)
}

// findHolders asks the relay which nodes have the files, where that makes it faster: without an answer each is asked for by
// itself.
func (g *Gateway) findHolders(ctx context.Context, folder string, files []zipFile) {
	if len(files) < zipAhead {
		return
	}
	pattern := ""
	if folder != "" {
		pattern = peer.Literal(folder) + "/"
	}
	for offer, err := range g.client.List(ctx, pattern, true) {
		if err != nil {
			return
		}
		at, is := slices.BinarySearchFunc(files, offer.Name, func(f zipFile, name string) int { return strings.Compare(f.Name, name) })
		if is && files[at].Identity == offer.Identity && !offer.Hash.IsZero() {
			files[at].holders = offer
		}
	}
}

// describeZip sets the headers of a zip of a folder.
func describeZip(header http.Header, folder string) {
	name := "files"
	if folder != "" {
		name = path.Base(folder)
	}
	describe(header, name+".zip", true)
	header.Set("Cache-Control", "no-store")
}

// zipped returns the files of a folder that go into a zip, one more than there may be at most. As in a folder of a disk, a
// file is left out where a folder has to be.
func zipped(all *peer.Snapshot, folder string, hidden bool) (files []zipFile) {
	prefix := len(folder)
	hidden = hidden || protocol.Hidden(folder)
	below := all.Below(folder)
	for i := range below {
		if !hidden && protocol.Hidden(below[i].Name[prefix:]) || len(all.Below(below[i].Name)) > 0 {
			continue
		}
		if files = append(files, zipFile{Published: &below[i]}); len(files) > mostZipped {
			break
		}
	}
	return files
}

// sendZip sends files as a zip.
func (g *Gateway) sendZip(w http.ResponseWriter, r *http.Request, folder string, files []zipFile) {
	ctx, cancel := context.WithCancel(r.Context())
	next := g.ahead(ctx, files)
	defer next.close()
	defer cancel()
	first := next.take()
	if err := first.wait(); err != nil {
		first.close()
		g.fail(w, r, err)
		return
	}
	describeZip(w.Header(), folder)
	w.WriteHeader(http.StatusOK)
	out := zip.NewWriter(w)
	began, outside := time.Now(), len(folder)-len(path.Base(folder))
	if folder == "" {
		outside = 0
	}
	for part := first; part != nil; part = next.take() {
		if err := part.writeTo(out, part.file.Name[outside:], began); err != nil {
			if r.Context().Err() == nil {
				g.log.Warn("a zip ends in the middle", "folder", folder, "name", part.file.Name, "why", err)
			}
			panic(http.ErrAbortHandler)
		}
	}
	if err := out.Close(); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// writeTo writes a file to a zip.
func (p *part) writeTo(out *zip.Writer, name string, began time.Time) error {
	defer p.close()
	if err := p.wait(); err != nil {
		return err
	}
	to, err := out.CreateHeader(&zip.FileHeader{Name: strings.TrimPrefix(name, "/"), Method: zip.Store, Modified: p.modified(began)})
	if err != nil {
		return err
	}
	return p.copyTo(to)
}
