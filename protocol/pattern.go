package protocol

import (
	"bytes"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Match reports whether a pattern matches a name. It compares them component by component, as
// path.Match does: * matches any text within a component, ? one character, [a-z] one character of a
// class, and \ quotes the next character. A component ** matches any number of components, even
// none. A pattern that ends in a slash matches all names below it; the empty pattern matches all
// names. A pattern that [CheckPattern] refuses matches no name.
func Match(pattern, name string) bool {
	p := NewPattern(pattern)
	return p.Match([]byte(name))
}

// Pattern is a pattern that is prepared for matching many names.
type Pattern struct {
	// Steps counts the work so far, about one step for each character that is compared. A name
	// takes at most a small multiple of its length times the pattern's.
	Steps int
	// Visible has hidden components match only components that begin with a literal dot, as in a
	// shell. To a relay a dot is a character like others.
	Visible    bool
	components []string
	valid      bool
}

// NewPattern prepares a pattern, as Match understands it.
func NewPattern(text string) Pattern {
	valid := checkPattern(text) == nil
	if text == "" || strings.HasSuffix(text, "/") {
		text += "**/*"
	}
	return Pattern{components: strings.Split(text, "/"), valid: valid}
}

// Match reports whether the pattern matches a name. It backtracks to the latest ** alone: an
// earlier one has matched as few components as possible, and the latest can match all that an
// earlier one could.
func (p *Pattern) Match(name []byte) bool {
	at, rest := 0, name // the component of the pattern, and the rest of the name
	deep, taken := -1, name
	for len(rest) > 0 {
		p.Steps++
		switch component, below, _ := bytes.Cut(rest, slash); {
		case at < len(p.components) && p.components[at] == "**":
			deep, taken = at, rest
			at++
		case at < len(p.components) && p.mayMatch(p.components[at], component) && p.fits(p.components[at], component):
			at, rest = at+1, below
		case deep < 0 || p.Visible && taken[0] == '.':
			return false
		default:
			_, taken, _ = bytes.Cut(taken, slash)
			at, rest = deep+1, taken
		}
	}
	for at < len(p.components) && p.components[at] == "**" {
		at++
	}
	return p.valid && at == len(p.components)
}

var slash = []byte{'/'}

// mayMatch reports false for a hidden component that the pattern does not name as such.
func (p *Pattern) mayMatch(pattern string, component []byte) bool {
	hidden := len(component) > 0 && component[0] == '.'
	return !p.Visible || !hidden || strings.HasPrefix(pattern, ".") || strings.HasPrefix(pattern, `\.`)
}

// fits matches a component. As with **, it backtracks to the latest star alone.
func (p *Pattern) fits(pattern string, text []byte) bool {
	star, taken := "", text // the pattern behind the latest star, and the text behind the star's match
	starred := false
	for len(text) > 0 || len(pattern) > 0 {
		p.Steps++
		if len(pattern) > 0 && pattern[0] == '*' {
			pattern = pattern[1:]
			star, taken, starred = pattern, text, true
			continue
		}
		if r, size := utf8.DecodeRune(text); size > 0 && len(pattern) > 0 {
			if rest, fits := p.one(pattern, r); fits {
				pattern, text = rest, text[size:]
				continue
			}
		}
		_, size := utf8.DecodeRune(taken)
		if !starred || size == 0 {
			return false
		}
		taken = taken[size:]
		pattern, text = star, taken
	}
	return true
}

// one matches the pattern's next element, which is not a star, with a character. It returns the
// pattern behind the element.
func (p *Pattern) one(pattern string, r rune) (rest string, fits bool) {
	switch pattern[0] {
	case '?':
		return pattern[1:], true
	case '[':
		return p.class(pattern[1:], r)
	}
	want, rest := literal(pattern)
	return rest, want == r
}

// class matches a character class, behind its opening bracket.
func (p *Pattern) class(pattern string, r rune) (rest string, fits bool) {
	rest, not := strings.CutPrefix(pattern, "^")
	for len(rest) > 0 && rest[0] != ']' {
		p.Steps++
		var low, high rune
		low, rest = literal(rest)
		if high = low; strings.HasPrefix(rest, "-") {
			high, rest = literal(rest[1:])
		}
		fits = fits || low <= r && r <= high
	}
	return rest[min(1, len(rest)):], fits != not
}

// literal returns the next character, which may be quoted by a backslash.
func literal(pattern string) (r rune, rest string) {
	if len(pattern) > 1 && pattern[0] == '\\' {
		pattern = pattern[1:]
	}
	r, size := utf8.DecodeRuneInString(pattern)
	return r, pattern[size:]
}

// IsPattern reports whether a text is more than a plain name: whether it has a character that is
// special to [Match], or ends in a slash.
func IsPattern(text string) bool {
	return strings.ContainsAny(text, `*?[\`) || strings.HasSuffix(text, "/")
}

// CheckPattern returns nil for a pattern that [Match] understands. For any other it returns an
// [*Error] with the code [BadName], which [AsError] gives.
func CheckPattern(pattern string) error { return untyped(checkPattern(pattern)) }

func checkPattern(pattern string) *Error {
	if len(pattern) > MaxPattern {
		return &Error{Code: BadName, Text: "a pattern that is too long"}
	}
	if !utf8.ValidString(pattern) || strings.ContainsFunc(pattern, unicode.IsControl) {
		return &Error{Code: BadName, Text: "a pattern with a control character, or that is not UTF-8"}
	}
	for component := range strings.SplitSeq(pattern, "/") {
		if _, err := path.Match(component, ""); err != nil {
			return &Error{Code: BadName, Text: "a pattern with a bracket that is not closed, or a backslash at its end"}
		}
	}
	return nil
}
