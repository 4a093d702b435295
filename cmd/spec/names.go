package main

import (
	"fmt"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
)

// invisible lists the characters that no name may have because nobody can see them.
func invisible() string { return listed("invisible", protocol.Invisible()) }

// assigned lists the characters that are normalised.
func assigned() string { return listed("assigned", protocol.Assigned()) }

func listed(what string, ranges []protocol.Range) string {
	spans := make([]string, len(ranges))
	for i, r := range ranges {
		spans[i] = span(r.First, r.Last)
	}
	return fmt.Sprintf("The %s code points of Unicode %s:\n\n", what, protocol.UnicodeVersion) + fence("", wrapped(spans, 100))
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
