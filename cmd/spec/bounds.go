package main

import (
	"fmt"
	"slices"
	"strings"
)

// bound is a row of the table "A peer can / what bounds it".
type bound struct {
	can, by    string
	parameters string // of roles or protocol, with blanks between them; none: what bounds it is no parameter; "": it is a rule of the protocol
	flags      string // of the programs, the same; "": none changes it
	tests      string // the same
}

// bounds returns all rows.
func bounds() []bound { return slices.Concat(linkBounds, serverBounds, circuitBounds, clientBounds) }

// boundTable returns the table, with the values that parameters have.
func boundTable(values map[string]string) (string, error) {
	rows := [][]string{{"a peer can", "what bounds it", "parameter", "default", "flag", "test"}}
	for _, b := range bounds() {
		names, defaults := strings.Fields(b.parameters), []string{}
		for _, name := range names {
			value, known := values[name]
			if name == "none" {
				value, known = name, true
			}
			if !known {
				return "", fmt.Errorf("%s: there is no parameter %s", b.can, name)
			}
			defaults = append(defaults, value)
		}
		rows = append(rows, []string{
			b.can, b.by, orElse(names, "protocol"), orElse(defaults, "protocol"), orElse(quoted(b.flags), "none"), orElse(strings.Fields(b.tests), "none"),
		})
	}
	return table(rows...), nil
}

func orElse(words []string, none string) string {
	if len(words) == 0 {
		return none
	}
	return strings.Join(words, ", ")
}

func quoted(words string) (all []string) {
	for _, word := range strings.Fields(words) {
		all = append(all, "`"+word+"`")
	}
	return all
}
