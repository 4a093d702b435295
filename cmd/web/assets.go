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

// asset is a file that pages use.
type asset struct {
	data       []byte
	mime, hash string
}

// assets returns all of them by name.
var assets = sync.OnceValue(func() map[string]asset {
	all := map[string]asset{}
	for name, data := range embedded("assets") {
		all[name] = newAsset(name, data)
	}
	styles := embedded("style")
	var whole []byte
	for _, name := range slices.Sorted(maps.Keys(styles)) {
		whole = append(append(whole, styles[name]...), '\n')
	}
	all[sheet] = newAsset(sheet, whole)
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

func newAsset(name string, data []byte) asset {
	sum := sha256.Sum256(data)
	return asset{data, assetTypes[path.Ext(name)], hex.EncodeToString(sum[:6])}
}

// assetPath returns the path of a file that pages use, below the base path. The hash of its content
// is in it, so that a new version is another file.
func assetPath(name string) string {
	return assetRoom + "/" + assets()[name].hash + "/" + name
}

// Assets serves the files that pages use, under /-/. [Door.Serve] does it by itself; a handler that
// is served in another way has to.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"+assetRoom+"/"), "/")
		file, is := assets()[name]
		if !is {
			Fail(w, r, http.StatusNotFound, "there is no such file")
			return
		}
		header := w.Header()
		header.Set("Content-Type", file.mime)
		header.Set("ETag", `"`+file.hash+`"`)
		header.Set("Cache-Control", "no-cache")
		if hash == file.hash {
			header.Set("Cache-Control", assetAge)
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.data))
	})
}
