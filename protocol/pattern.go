package protocol

import (
	"path"
	"slices"
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

// Pattern is a pattern that is prepared for matching many names. It is a nondeterministic automaton:
// its elements are bits, a character moves all elements of a word at once, and nothing is tried
// twice. So no pattern costs more than its length divided by the bits of a word, for each character.
type Pattern struct {
	// Steps counts the work so far: the words of the automaton that a character moves, and the
	// elements that are looked at for a character that is met anew.
	Steps int
	// Visible has hidden components match only components that begin with a literal dot, as in a
	// shell. To a relay a dot is a character like others.
	Visible bool

	elements []element
	valid    bool

	words []word
	first []uint64        // the now of the words at the start of a name
	dots  []uint64        // literal dots at the start of a component
	known *[256]character // characters met before, by their low byte
}

// word is 64 elements as sets.
type word struct {
	now   uint64 // those that the next character may be for; behind the last element: all are matched
	stars uint64 // those that are *
	deeps uint64 // those that are **
}

// element is the part of a pattern that matches one character or, of * and **, any number of them.
type element struct {
	what   byte // one of elementChar, elementSlash, elementStar and elementDeep
	ranges []rune
	not    bool // it matches the characters outside of the ranges
}

const (
	elementChar  = iota // one character, in a range or outside of all; not a slash
	elementSlash        // before the first component, and behind each
	elementStar         // *
	elementDeep         // **, with the slashes behind its components
)

// character is a character and the elements that match it.
type character struct {
	is      rune
	matches []uint64
}

// NewPattern prepares a pattern, as Match understands it.
func NewPattern(text string) Pattern {
	p := Pattern{valid: checkPattern(text) == nil}
	if !p.valid {
		return p
	}
	if text == "" || strings.HasSuffix(text, "/") {
		text += "**/*"
	}
	p.add(element{what: elementSlash})
	var dots []int
	for component := range strings.SplitSeq(text, "/") {
		if component == "**" {
			p.add(element{what: elementDeep})
			continue
		}
		if strings.HasPrefix(component, ".") || strings.HasPrefix(component, `\.`) {
			dots = append(dots, len(p.elements))
		}
		for len(component) > 0 {
			var e element
			e, component = parseElement(component)
			p.add(e)
		}
		p.add(element{what: elementSlash})
	}
	p.prepare(dots)
	return p
}

// add adds an element. A star behind one of its kind adds nothing.
func (p *Pattern) add(e element) {
	last := len(p.elements) - 1
	if e.what != elementStar && e.what != elementDeep || last < 0 || p.elements[last].what != e.what {
		p.elements = append(p.elements, e)
	}
}

// parseElement returns the first element of a component, and the rest of it.
func parseElement(component string) (e element, rest string) {
	switch component[0] {
	case '*':
		return element{what: elementStar}, component[1:]
	case '?':
		return element{not: true}, component[1:]
	case '[':
		return parseClass(component[1:])
	}
	r, rest := literal(component)
	return element{ranges: []rune{r, r}}, rest
}

// parseClass returns a character class, behind its opening bracket, and the rest behind it.
func parseClass(component string) (e element, rest string) {
	rest, e.not = strings.CutPrefix(component, "^")
	for rest[0] != ']' {
		var low, high rune
		low, rest = literal(rest)
		if high = low; rest[0] == '-' {
			high, rest = literal(rest[1:])
		}
		e.ranges = append(e.ranges, low, high)
	}
	return e, rest[1:]
}

// literal returns the next character, which may be quoted by a backslash.
func literal(pattern string) (r rune, rest string) {
	if pattern[0] == '\\' {
		pattern = pattern[1:]
	}
	r, size := utf8.DecodeRuneInString(pattern)
	return r, pattern[size:]
}

// prepare makes the sets of elements.
func (p *Pattern) prepare(dots []int) {
	words := len(p.elements)/64 + 1
	p.words, p.first, p.dots = make([]word, words), make([]uint64, words), make([]uint64, words)
	for i, e := range p.elements {
		switch e.what {
		case elementStar:
			p.words[i/64].stars |= 1 << (i % 64)
		case elementDeep:
			p.words[i/64].deeps |= 1 << (i % 64)
		}
	}
	for _, i := range dots {
		put(p.dots, i)
	}
	p.known = new([256]character)
	p.words[0].now = 1
	p.take('/', false)
	for i, w := range p.words {
		p.first[i] = w.now
	}
}

func put(set []uint64, i int) { set[i/64] |= 1 << (i % 64) }

// Match reports whether the pattern matches a name.
func (p *Pattern) Match(name []byte) bool {
	if !p.valid || len(name) == 0 {
		return false
	}
	for i, now := range p.first {
		p.words[i].now = now
	}
	for begins := true; len(name) > 0; {
		r, size := utf8.DecodeRune(name)
		name = name[size:]
		if !p.take(r, begins) {
			return false
		}
		begins = r == '/'
	}
	p.take('/', false)
	all := len(p.elements)
	return p.words[all/64].now>>(all%64)&1 != 0
}

// take takes the next character, which may be the first of a component. It reports whether a match
// is still possible.
func (p *Pattern) take(r rune, begins bool) bool {
	switch {
	case r == '/':
		return p.move(p.matching(r), none, every, every)
	case begins && r == '.' && p.Visible:
		return p.move(p.dots, none, none, none)
	}
	return p.move(p.matching(r), every, every, none)
}

const (
	none  = uint64(0)
	every = ^none
)

// move moves the elements that match a character to the next ones. Those among stars and deeps match
// it, too, and stay. Each * matches nothing as well; a ** does so among begins, where a component may
// begin. It reports whether any element is left.
func (p *Pattern) move(matching []uint64, stars, deeps, begins uint64) bool {
	p.Steps += len(p.words)
	matching = matching[:len(p.words)]
	var any, carry uint64 // carry is for the first bit of the next word
	for i := range p.words {
		w := &p.words[i]
		moved := w.now & matching[i]
		next := moved<<1 | carry | w.now&(w.stars&stars|w.deeps&deeps)
		deep := next & w.deeps & begins
		next |= deep << 1
		star := next & w.stars
		w.now = next | star<<1
		carry = (moved | deep | star) >> 63
		any |= w.now | carry
	}
	return any != 0
}

// matching returns the elements that match a character.
func (p *Pattern) matching(r rune) []uint64 {
	c := &p.known[byte(r)]
	if c.matches != nil && c.is == r {
		return c.matches
	}
	if c.matches == nil {
		c.matches = make([]uint64, len(p.words))
	}
	c.is = r
	clear(c.matches)
	for i := range p.elements {
		e := &p.elements[i]
		p.Steps += 1 + len(e.ranges)/2
		if e.matches(r) {
			put(c.matches, i)
		}
	}
	return c.matches
}

// matches reports whether the element is one that the character is for.
func (e *element) matches(r rune) bool {
	if e.what != elementChar || r == '/' {
		return e.what == elementSlash && r == '/'
	}
	for at := range slices.Chunk(e.ranges, 2) {
		if at[0] <= r && r <= at[1] {
			return !e.not
		}
	}
	return e.not
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
