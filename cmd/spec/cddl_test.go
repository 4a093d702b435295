package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheCDDLHasTheFieldsOfTheMessages: each map of SPEC has the keys of its type, under the names that the vectors use,
// optional where the type leaves them out, and is open.
func TestTheCDDLHasTheFieldsOfTheMessages(t *testing.T) {
	maps := cddlMaps(specText(t))
	types := map[string]reflect.Type{}
	for _, m := range examples() {
		addTypes(types, reflect.TypeOf(m).Elem())
	}
	for name, of := range types {
		if got, want := maps[name], append(keysOf(of), "* uint => any"); !slices.Equal(got, want) {
			t.Errorf("SPEC has %s as\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if len(maps) != len(types) {
		t.Errorf("SPEC has %d maps, the messages %d", len(maps), len(types))
	}
}

// cddlMaps returns the members of each map: their optionality, name and key.
func cddlMaps(text string) map[string][]string {
	maps := map[string][]string{}
	member := regexp.MustCompile(`^  (\? )?&\((\w+): (\d+)\) => `)
	for _, body := range regexp.MustCompile(`(?ms)^([a-z]+) = \{\n(.*?)\n\}$`).FindAllStringSubmatch(text, -1) {
		for line := range strings.SplitSeq(body[2], "\n") {
			if m := member.FindStringSubmatch(line); m != nil {
				line = fmt.Sprintf("%s%s: %s", m[1], m[2], m[3])
			}
			maps[body[1]] = append(maps[body[1]], strings.Trim(line, " ,"))
		}
	}
	return maps
}

// addTypes adds a message, and the maps in its lists.
func addTypes(types map[string]reflect.Type, t reflect.Type) {
	types[strings.ToLower(t.Name())] = t
	for _, f := range reflect.VisibleFields(t) {
		if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
			addTypes(types, f.Type.Elem())
		}
	}
}

func keysOf(t reflect.Type) (keys []string) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || f.Tag.Get("cbor") == "-" {
			continue
		}
		number, rest, _ := strings.Cut(f.Tag.Get("cbor"), ",")
		key := fmt.Sprintf("%s: %s", strings.ToLower(f.Name), number)
		if strings.Contains(rest, "omit") {
			key = "? " + key
		}
		keys = append(keys, key)
	}
	return keys
}

// TestSpecNamesVectorsThatExist: what is a matter of form has a vector, and SPEC says which.
func TestSpecNamesVectorsThatExist(t *testing.T) {
	_, chapter, _ := strings.Cut(specText(t), "\n### Form\n")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	vector, rows := regexp.MustCompile("`(\\w+-(?:good|bad)-[\\w-]+)`"), 0
	for line := range strings.SplitSeq(chapter, "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| message |") {
			continue
		}
		rows++
		named := vector.FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("no vector stands beside %s", line)
		}
		for _, match := range named {
			if _, err := os.Stat(filepath.Join(top, "protocol/testdata/vectors", match[1]+".txt")); err != nil {
				t.Error(err)
			}
		}
	}
	if rows == 0 {
		t.Error("SPEC has no table of what is a matter of form")
	}
}
