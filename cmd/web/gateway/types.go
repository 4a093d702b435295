package gateway

import (
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
)

// A file is a stranger's: what a browser would run of it must not run as a page of this gateway.
const (
	unknownType = "application/octet-stream"
	plainText   = "text/plain; charset=utf-8"

	// sandboxed is the policy of all that may be active, and of what is of no known kind: it is shown in an
	// origin of its own, without scripts, forms and requests to anybody.
	sandboxed = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; media-src data:; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
	// passive is the policy of what has no scripts, and that a browser wraps in a page of its own: pictures,
	// sound, films, and PDF, whose viewer does not work in a sandbox.
	passive = "default-src 'none'; img-src 'self'; media-src 'self'; object-src 'self'; style-src 'unsafe-inline'; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

// knownTypes are the types by extension that do not depend on what the system has installed.
var knownTypes = map[string]string{
	".txt": plainText, ".log": plainText, ".md": plainText, ".ini": plainText, ".conf": plainText, ".yaml": plainText, ".yml": plainText,
	".toml": plainText, ".srt": plainText, ".go": plainText, ".c": plainText, ".h": plainText, ".py": plainText, ".sh": plainText,
	".js": plainText, ".mjs": plainText, ".css": plainText, ".csv": "text/csv; charset=utf-8", ".vtt": "text/vtt; charset=utf-8",
	".htm": "text/html; charset=utf-8", ".html": "text/html; charset=utf-8", ".xhtml": "application/xhtml+xml", ".xml": "text/xml; charset=utf-8",
	".json": "application/json", ".pdf": "application/pdf", ".epub": "application/epub+zip", ".zip": "application/zip",
	".gz": "application/gzip", ".tgz": "application/gzip", ".xz": "application/x-xz", ".zst": "application/zstd", ".7z": "application/x-7z-compressed",
	".tar": "application/x-tar", ".bz2": "application/x-bzip2", ".rar": "application/vnd.rar", ".iso": unknownType,
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".avif": "image/avif", ".bmp": "image/bmp", ".ico": "image/vnd.microsoft.icon", ".tif": "image/tiff", ".tiff": "image/tiff", ".heic": "image/heic",
	".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm", ".mkv": "video/x-matroska", ".mov": "video/quicktime", ".avi": "video/x-msvideo",
	".ogv": "video/ogg", ".mpg": "video/mpeg", ".mpeg": "video/mpeg", ".ts": "video/mp2t", ".wmv": "video/x-ms-wmv", ".flv": "video/x-flv", ".3gp": "video/3gpp",
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".aac": "audio/aac", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg", ".flac": "audio/flac",
	".wav": "audio/wav", ".weba": "audio/webm", ".mid": "audio/midi", ".wma": "audio/x-ms-wma",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf", ".wasm": unknownType,
}

// typeOf returns the type of a file by the extension of its name. Its content is never looked at.
func typeOf(name string) string {
	extension := strings.ToLower(path.Ext(name))
	if is, known := knownTypes[extension]; known {
		return is
	}
	return harmless(mime.TypeByExtension(extension))
}

// harmless returns a type of the system's tables, or another one in its place: scripts and styles are text,
// so that no page can use them as such, and what browsers take apart in a way of their own is only bytes.
func harmless(is string) string {
	media, _, err := mime.ParseMediaType(is)
	_, sub, _ := strings.Cut(media, "/")
	switch {
	case err != nil:
		return unknownType
	case strings.Contains(sub, "javascript") || strings.Contains(sub, "ecmascript") || strings.Contains(sub, "jscript") || sub == "css":
		return plainText
	case strings.HasPrefix(media, "multipart/") || strings.HasPrefix(media, "message/") || strings.Contains(sub, "manifest") ||
		strings.Contains(sub, "shockwave") || sub == "wasm" || sub == "event-stream":
		return unknownType
	}
	return is
}

// player is the element that shows a type: video, audio or img; "": none does.
func player(is string) string {
	switch kind, sub, _ := strings.Cut(is, "/"); {
	case kind == "video" || kind == "audio":
		return kind
	case kind == "image" && sub != "tiff" && sub != "heic":
		return "img" // a picture in it has no scripts, of SVG neither
	}
	return ""
}

// policyOf returns the content security policy of a type.
func policyOf(is string) string {
	switch kind, _, _ := strings.Cut(is, "/"); {
	case is == "image/svg+xml":
		return sandboxed
	case is == "application/pdf" || kind == "image" || kind == "video" || kind == "audio":
		return passive
	}
	return sandboxed
}

// describe sets the headers that say what a file is, and what may be done with it. Name is what it is called
// when it is saved.
func describe(header http.Header, name string, attach bool) {
	is := typeOf(name)
	header.Set("Content-Type", is)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // a proxy that took it all into a file would make nodes send what nobody reads
	header.Set("Content-Security-Policy", policyOf(is))
	header.Set("Content-Disposition", disposition(path.Base(name), attach))
}

// disposition returns how a file is to be shown, and its name: once in ASCII, and once as it is.
func disposition(name string, attach bool) string {
	how := "inline"
	if attach {
		how = "attachment"
	}
	var ascii, all strings.Builder
	for _, c := range []byte(protocol.Printable(name, len(name))) {
		switch {
		case c < ' ' || c > '~' || c == '"' || c == '\\' || c == '%' || c == '/':
			ascii.WriteByte('_')
		default:
			ascii.WriteByte(c)
		}
	}
	for _, c := range []byte(name) {
		if strings.IndexByte(unescaped, c) >= 0 {
			all.WriteByte(c)
		} else {
			all.WriteByte('%')
			all.WriteByte("0123456789ABCDEF"[c>>4])
			all.WriteByte("0123456789ABCDEF"[c&15])
		}
	}
	return how + `; filename="` + ascii.String() + `"; filename*=UTF-8''` + all.String()
}

// unescaped are the characters that stand for themselves in an extended parameter: RFC 8187.
const unescaped = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+-.^_`|~"
