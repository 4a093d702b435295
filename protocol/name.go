package protocol

import (
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// CheckName returns nil for an allowed file name. For any other it returns an [*Error] with the
// code [BadName]: [AsError] gives its text. Names are checked and refused, never repaired. SPEC
// "Names".
func CheckName(name string) error { return untyped(checkName(name)) }

func checkName(name string) *Error {
	switch {
	case name == "":
		return badName("an empty name")
	case len(name) > MaxName:
		return badName("%d bytes, more than %d", len(name), MaxName)
	case plain(name): // as most are: Unicode's tables are not needed
		return checkComponents(name)
	case !utf8.ValidString(name):
		return badName("not UTF-8")
	case !composed(name):
		return badName("not in Unicode normal form C")
	}
	for _, r := range name {
		if r == '\\' || among(invisible, r) {
			return badName("character U+%04X", r)
		}
	}
	return checkComponents(name)
}

// Composed returns a name or pattern as it was typed in normal form C, in which names are compared:
// some systems hand out the letters and their marks apart.
func Composed(text string) string {
	var out strings.Builder
	for run, known := range runs(text) {
		if known {
			run = norm.NFC.String(run)
		}
		out.WriteString(run)
	}
	return out.String()
}

// composed reports whether a name is in normal form C.
func composed(name string) bool {
	for run, known := range runs(name) {
		if known && !norm.NFC.IsNormalString(run) {
			return false
		}
	}
	return true
}

// runs cuts a text where code points that UnicodeVersion assigns meet others. No later version
// changes the normal form of an assigned run, so that a library of any version may judge it. The
// others have no decomposition, whatever a later version gives them, and compose with nothing.
func runs(text string) iter.Seq2[string, bool] {
	return func(yield func(run string, known bool) bool) {
		from, before := 0, false
		for at, r := range text {
			known := r < utf8.RuneSelf || among(assigned, r)
			if at > from && known != before {
				if !yield(text[from:at], before) {
					return
				}
				from = at
			}
			before = known
		}
		if from < len(text) {
			yield(text[from:], before)
		}
	}
}

// plain reports whether a name consists of visible ASCII characters and spaces, without a
// backslash.
func plain(name string) bool {
	for _, c := range []byte(name) {
		if c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

func checkComponents(name string) *Error {
	for component := range strings.SplitSeq(name, "/") {
		switch {
		case component == "":
			return badName("an empty component, or a slash at an end")
		case component == "." || component == "..":
			return badName("a component %q", component)
		case len(component) > MaxComponent:
			return badName("a component of %d bytes, more than %d", len(component), MaxComponent)
		}
	}
	return nil
}

// Hidden reports whether a component of the name starts with a dot. Hidden files are not shared
// unless asked for.
func Hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}

// Printable makes text safe for a terminal or a log: it replaces invisible characters by '?' and
// cuts the text at max bytes. All text from a peer must pass it before it is shown.
func Printable(text string, max int) string {
	var b strings.Builder
	for _, r := range text {
		if among(invisible, r) {
			r = '?'
		}
		if b.Len()+utf8.RuneLen(r) > max {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

func checkText(text string) *Error {
	if len(text) > MaxText {
		return malformed("ERROR: a text of %d bytes", len(text))
	}
	return nil
}

func badName(format string, args ...any) *Error {
	return &Error{Code: BadName, Text: "bad name: " + fmt.Sprintf(format, args...)}
}

func malformed(format string, args ...any) *Error {
	return &Error{Code: Malformed, Text: fmt.Sprintf(format, args...)}
}
