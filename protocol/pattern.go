package protocol

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Match reports whether a name is one that a pattern stands for. Pattern and name are compared component by
// component, as path.Match does it: * stands for any text within a component, ? for one character, [a-z] for one of
// some, \ takes the next character as it is. A component ** stands for any number of components, even none. A pattern
// that ends in a slash stands for all names below; the empty pattern for all names.
func Match(pattern, name string) bool {
	if pattern == "" || strings.HasSuffix(pattern, "/") {
		pattern += "**/*"
	}
	return match(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

// match compares components. Only the latest ** needs to be tried with more: what an earlier one took is as short as
// it can be, and the latest can take all that comes.
func match(pattern, name []string) bool {
	p, n := 0, 0
	deep, taken := -1, 0 // where the latest ** stands, and up to where it has taken
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			deep, taken = p, n
			p++
			continue
		case p < len(pattern) && fits(pattern[p], name[n]):
			p, n = p+1, n+1
			continue
		case deep < 0:
			return false
		}
		taken++
		p, n = deep+1, taken
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

func fits(pattern, component string) bool {
	fits, err := path.Match(pattern, component)
	return fits && err == nil
}

// IsPattern reports whether a text is more than a plain name: whether it has a character that Match takes for others,
// or ends in a slash.
func IsPattern(text string) bool {
	return strings.ContainsAny(text, `*?[\`) || strings.HasSuffix(text, "/")
}

// CheckPattern returns nil for a pattern that Match understands, or the BadName error that refuses it.
func CheckPattern(pattern string) *Error {
	if len(pattern) > MaxPattern {
		return &Error{Code: BadName, Text: "a pattern that is too long"}
	}
	for _, r := range pattern {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return &Error{Code: BadName, Text: "a pattern with a control character, or that is not UTF-8"}
		}
	}
	for component := range strings.SplitSeq(pattern, "/") {
		if _, err := path.Match(component, ""); err != nil {
			return &Error{Code: BadName, Text: "a pattern with a bracket that is not closed, or a backslash at its end"}
		}
	}
	return nil
}
