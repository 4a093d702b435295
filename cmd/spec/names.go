package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/relaypeer/relaypeer/protocol"
)

// invisible lists the characters that no name may have because nobody can see them, as ranges of code points.
func invisible() string {
	var ranges []string
	first := rune(-1)
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		switch hidden := r <= unicode.MaxRune && isInvisible(r); {
		case hidden && first < 0:
			first = r
		case !hidden && first >= 0:
			ranges = append(ranges, span(first, r-1))
			first = -1
		}
	}
	return fmt.Sprintf("The version of Unicode is %s. Its invisible characters, as code points:\n\n", unicode.Version) +
		fence("", wrapped(ranges, 100))
}

// isInvisible asks what is shown of a character. A surrogate is none: no text in UTF-8 has one.
func isInvisible(r rune) bool {
	const surrogates, behind = 0xd800, 0xe000
	return (r < surrogates || r >= behind) && protocol.Printable(string(r), 4) != string(r)
}

func span(first, last rune) string {
	if first == last {
		return fmt.Sprintf("%04X", first)
	}
	return fmt.Sprintf("%04X-%04X", first, last)
}

// wrapped joins words into lines of so many columns at most.
func wrapped(words []string, columns int) string {
	var out strings.Builder
	at := 0
	for _, word := range words {
		switch {
		case at == 0:
		case at+1+len(word) > columns:
			out.WriteString("\n")
			at = 0
		default:
			out.WriteString(" ")
			at++
		}
		out.WriteString(word)
		at += len(word)
	}
	return out.String()
}
