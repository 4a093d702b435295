package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed assets
var assetFiles embed.FS

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
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		data, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(data)
		all[entry.Name()] = asset{data, assetTypes[path.Ext(entry.Name())], hex.EncodeToString(sum[:6])}
	}
	return all
})

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
