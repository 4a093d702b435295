package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed assets style
var assetFiles embed.FS

// sheet is the name of the style sheet, which is all the files of style one behind the other.
const sheet = "style.css"

// assetTypes are the types of the files that pages use. Nothing else is among them.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// assetRoom is the folder of the files that pages use.
const assetRoom = "-"

// assetAge is how long a browser keeps a file whose path has its hash.
const assetAge = "public, max-age=31536000, immutable"

// Asset is a file that pages use: a style sheet, a script, a drawing.
type Asset struct {
	name, mime string
	data       []byte
	version    string
}

// assets returns all of them by name.
var assets = sync.OnceValue(func() map[string]Asset {
	all := map[string]Asset{}
	for name, data := range embedded("assets") {
		all[name] = NewAsset(name, data)
	}
	styles := embedded("style")
	var whole []byte
	for _, name := range slices.Sorted(maps.Keys(styles)) {
		whole = append(append(whole, styles[name]...), '\n')
	}
	all[sheet] = NewAsset(sheet, whole)
	return all
})

// embedded returns the files of a folder by name.
func embedded(folder string) map[string][]byte {
	all := map[string][]byte{}
	entries, err := assetFiles.ReadDir(folder)
	for _, entry := range entries {
		if err == nil {
			all[entry.Name()], err = assetFiles.ReadFile(folder + "/" + entry.Name())
		}
	}
	if err != nil {
		panic(err) // it is part of the program
	}
	return all
}

// NewAsset returns a file of this name.
func NewAsset(name string, data []byte) Asset {
	sum := sha256.Sum256(data)
	return Asset{name, assetTypes[path.Ext(name)], data, hex.EncodeToString(sum[:6])}
}

// Version returns a part of the hash of the file. A link to the file has it, so that a new version is another file.
func (a Asset) Version() string { return a.version }

// Serve sends the file to whoever has followed a link with this version, and then keeps it; or asks again by and by.
func (a Asset) Serve(w http.ResponseWriter, r *http.Request, version string) {
	header := w.Header()
	header.Set("Content-Type", a.mime)
	header.Set("ETag", `"`+a.version+`"`)
	header.Set("Cache-Control", "no-cache")
	if version == a.version {
		header.Set("Cache-Control", assetAge)
	}
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.data))
}

// assetPath returns the path of a file that pages use, below the base path. The hash of its content
// is in it, so that a new version is another file.
func assetPath(name string) string {
	return assetRoom + "/" + assets()[name].version + "/" + name
}

// Assets serves the files that pages use, under /-/. [Door.Serve] does it by itself; a handler that
// is served in another way has to.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		version, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"+assetRoom+"/"), "/")
		file, is := assets()[name]
		if !is {
			Fail(w, r, http.StatusNotFound, "there is no such file")
			return
		}
		file.Serve(w, r, version)
	})
}
