package protocol

import (
	"bytes"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Match reports whether a name is one that a pattern stands for. Pattern and name are compared component by
// component, as path.Match does it: * stands for any text within a component, ? for one character, [a-z] for one of
// some, \ takes the next character as it is. A component ** stands for any number of components, even none. A pattern
// that ends in a slash stands for all names below; the empty pattern for all names. What CheckPattern refuses stands
// for nothing.
func Match(pattern, name string) bool {
	p := NewPattern(pattern)
	return p.Match([]byte(name))
}

// Pattern is a pattern that many names are matched with.
type Pattern struct {
	// Steps counts what has been done so far: about one for each character that was compared. Of one name it is at most
	// a small multiple of the pattern's length times the name's.
	Steps      int
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

// Match reports whether the pattern stands for a name. Only the latest ** needs to be tried with more: what an earlier
// one took is as short as it can be, and the latest can take all that comes.
func (p *Pattern) Match(name []byte) bool {
	at, rest := 0, name // the component of the pattern, and what is left of the name
	deep, taken := -1, name
	for len(rest) > 0 {
		p.Steps++
		switch component, below, _ := bytes.Cut(rest, slash); {
		case at < len(p.components) && p.components[at] == "**":
			deep, taken = at, rest
			at++
		case at < len(p.components) && p.fits(p.components[at], component):
			at, rest = at+1, below
		case deep < 0:
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

// fits matches a component. As with **, only the latest star needs to be tried with more.
func (p *Pattern) fits(pattern string, text []byte) bool {
	star, taken := "", text // what follows the latest star, and what follows what it has taken
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

// one matches the pattern's next element, which is not a star, with a character, and returns what follows the element.
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

// class matches what stands between brackets.
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

// literal takes a character that may have a backslash before it.
func literal(pattern string) (r rune, rest string) {
	if len(pattern) > 1 && pattern[0] == '\\' {
		pattern = pattern[1:]
	}
	r, size := utf8.DecodeRuneInString(pattern)
	return r, pattern[size:]
}

// IsPattern reports whether a text is more than a plain name: whether it has a character that Match takes for others,
// or ends in a slash.
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
