package gateway

import (
	"net/http"
	"path"

	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// view is the body of a page that plays or shows a file.
type view struct {
	base
	File row
	Type string
	Hash string // "": it is not known
}

// serveView writes a page that plays or shows a file. Whether nodes have it is not asked here: the player does.
func (g *Gateway) serveView(w http.ResponseWriter, r *http.Request, file peer.Published) {
	if file.Hash.IsZero() { // it may be new
		if newer := g.list.again(r.Context(), list{}); newer.Snapshot != nil {
			if found, listed := newer.Find(file.Name); listed {
				file = found
			}
		}
	}
	is := view{base: base{Folder: folderOf(file.Name)}, File: rowOfFile(&file), Type: typeOf(file.Name)}
	if is.File.Known {
		is.Hash = file.Hash.String()
	}
	is.File.Name = path.Base(file.Name)
	g.write(w, r, http.StatusOK, web.Page{
		Title: is.File.Name, Here: web.Path(r, "files/"), Crumbs: crumbs(r, folderOf(file.Name), is.File.Name), Template: "view", Body: is,
	})
}

// folderOf returns the folder that a name is in; "" is that of all.
func folderOf(name string) string {
	if folder := path.Dir(name); folder != "." {
		return folder
	}
	return ""
}
