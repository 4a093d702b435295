package cli

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/relaypeer/relaypeer/protocol"
)

// ForDisplay makes a text that may come from a peer fit to be shown: no terminal obeys it.
func ForDisplay(text string) string { return protocol.Printable(text, protocol.MaxText) }

// ShortHash returns the beginning of a hash.
func ShortHash(h protocol.Hash) string { return h.String()[:12] }

// Count returns a number with the noun that goes with it.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Few lists texts: a few of them, and how many more there are.
func Few(texts []string) string {
	const most = 3
	if len(texts) <= most {
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	file, is := stream.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}

// MovesCursor reports whether a stream is a terminal on which lines can be drawn anew. Who sets
// NO_COLOR wants no escape sequences at all.
func MovesCursor(stream any) bool {
	term := os.Getenv("TERM")
	return IsTerminal(stream) && term != "dumb" && (term != "" || runtime.GOOS == "windows") && os.Getenv("NO_COLOR") == ""
}

// IsText reports whether bytes are text that a terminal only prints. Rest is the beginning of a
// character at their end.
func IsText(text []byte) (rest []byte, is bool) {
	for len(text) > 0 && utf8.FullRune(text) {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) && !strings.ContainsRune("\n\r\t\f", r) {
			return nil, false
		}
		text = text[size:]
	}
	return text, true
}
