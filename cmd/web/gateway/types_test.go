package gateway

import (
	"mime"
	"net/http"
	"strings"
	"testing"
)

// What browsers run is in a sandbox, or is no script to them.
func TestActiveContentIsSandboxed(t *testing.T) {
	const scripts = "script, not a page's"
	for name, want := range map[string]string{
		"a.html": "text/html; charset=utf-8", "a.HTM": "text/html; charset=utf-8", "a.svg": "image/svg+xml", "a.xml": "text/xml; charset=utf-8", "a.xhtml": "application/xhtml+xml",
		"a.js": plainText, "a.mjs": plainText, "a.css": plainText, "a.wasm": unknownType, "a": unknownType, "a.nonsense": unknownType, "html": unknownType, ".html": "text/html; charset=utf-8",
	} {
		header := http.Header{}
		describe(header, name, false)
		if header.Get("Content-Type") != want || header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(header.Get("Content-Security-Policy"), "sandbox; default-src 'none'; ") {
			t.Errorf("%s: %v", name, header)
		}
	}
	for name, want := range map[string]string{"a.mp4": "video/mp4", "a.jpg": "image/jpeg", "a.flac": "audio/flac", "a.pdf": "application/pdf"} {
		header := http.Header{}
		describe(header, name, false)
		policy := header.Get("Content-Security-Policy")
		if header.Get("Content-Type") != want || strings.Contains(policy, "script-src") || !strings.HasPrefix(policy, "default-src 'none'; ") {
			t.Errorf("%s, %s: %v", name, scripts, header)
		}
	}
}

func TestATypeOfTheSystemsTablesIsMadeHarmless(t *testing.T) {
	for is, want := range map[string]string{
		"": unknownType, "nonsense/": unknownType, "application/javascript": plainText, "text/ecmascript; charset=utf-8": plainText,
		"application/x-javascript": plainText, "text/jscript": plainText, "text/css": plainText, "text/cache-manifest": unknownType, "multipart/x-mixed-replace": unknownType,
		"message/rfc822": unknownType, "application/x-shockwave-flash": unknownType, "text/event-stream": unknownType, "application/wasm": unknownType,
		"application/vnd.ms-excel": "application/vnd.ms-excel", "text/calendar": "text/calendar",
	} {
		if got := harmless(is); got != want {
			t.Errorf("%q: %q in place of %q", is, got, want)
		}
	}
}

func TestANameThatIsSavedIsTheName(t *testing.T) {
	for _, name := range []string{"a.txt", `a"b.txt`, "é ü.txt", "日本.mkv", "a;b=c", "100%.txt", "%41.txt", "a'b(c)*", "-x", "\U0001F600", strings.Repeat("x", 255)} {
		for attach, how := range map[bool]string{true: "attachment", false: "inline"} {
			value := disposition(name, attach)
			got, parameters, err := mime.ParseMediaType(value)
			if err != nil || got != how || parameters["filename"] != name {
				t.Errorf("%q: %s: %v, %v", name, value, err, parameters)
			}
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%q: %q", name, value)
			}
		}
	}
	if value := disposition("a\"\\%é.txt", true); !strings.HasPrefix(value, `attachment; filename="a_____.txt"; `) {
		t.Error(value)
	}
}
