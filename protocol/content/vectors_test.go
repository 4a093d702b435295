package content_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// A tree vector is one file under protocol/testdata/trees: header lines, then sections, each behind
// an empty line: its title and lines of hexadecimal, where "#" begins a comment. SPEC "Test
// vectors" describes the format.
type treeVector struct {
	size     int
	hash     string
	sections []section
}

type section struct {
	title        string // values, tree, slice FIRST COUNT, or bad FIRST COUNT: why
	first, count uint64
	bytes        []byte
}

func readTree(t *testing.T, path string) (v treeVector) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header, rest, _ := strings.Cut(string(text), "\n\n")
	for line := range strings.SplitSeq(header, "\n") {
		switch key, value, _ := strings.Cut(line, ": "); key {
		case "size":
			_, err = fmt.Sscan(value, &v.size)
		case "hash":
			v.hash = value
		case "about", "content", "tool":
		default:
			t.Fatalf("%s: header line %q", path, line)
		}
	}
	for part := range strings.SplitSeq(rest, "\n\n") {
		title, lines, _ := strings.Cut(strings.TrimRight(part, "\n"), "\n")
		s := section{title: title}
		if kind, rest, numbered := strings.Cut(title, " "); numbered && (kind == "slice" || kind == "bad") {
			_, err = fmt.Sscanf(strings.ReplaceAll(rest, ":", " "), "%d %d", &s.first, &s.count)
		}
		for line := range strings.SplitSeq(lines, "\n") {
			digits, _, _ := strings.Cut(line, "#")
			b, bad := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
			if err != nil || bad != nil {
				t.Fatalf("%s: %q: %v %v", path, line, err, bad)
			}
			s.bytes = append(s.bytes, b...)
		}
		v.sections = append(v.sections, s)
	}
	return v
}

func TestTreeVectors(t *testing.T) {
	paths, err := filepath.Glob("../testdata/trees/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no tree vectors: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { readTree(t, path).check(t) })
	}
}

func (v treeVector) check(t *testing.T) {
	values := valuesOf(pattern(v.size))
	hash, tree := content.Build(values)
	if hash.String() != v.hash {
		t.Fatalf("hash %s, want %s", hash, v.hash)
	}
	had := map[string]int{}
	for _, s := range v.sections {
		kind, _, _ := strings.Cut(s.title, " ")
		had[kind]++
		groups := uint64(len(values))
		got, ok := content.Verify(hash, groups, s.first, s.count, s.bytes)
		switch kind {
		case "values":
			if !bytes.Equal(joined(values), s.bytes) {
				t.Error("the groups have other values")
			}
		case "tree":
			if !bytes.Equal(tree, s.bytes) {
				t.Error("the tree is another")
			}
		case "slice":
			if !bytes.Equal(content.Slice(tree, groups, s.first, s.count), s.bytes) {
				t.Errorf("%s: the slice is another", s.title)
			}
			if !ok || !bytes.Equal(joined(got), joined(values[s.first:s.first+s.count])) {
				t.Errorf("%s: is not verified, or gives other values", s.title)
			}
		case "bad":
			if ok {
				t.Errorf("%s: is taken", s.title)
			}
		default:
			t.Errorf("section %q", s.title)
		}
	}
	if had["values"] != 1 || had["tree"] != 1 || had["slice"] == 0 {
		t.Errorf("it has these sections: %v", had)
	}
}

func joined(values []protocol.Hash) (all []byte) {
	for i := range values {
		all = append(all, values[i][:]...)
	}
	return all
}
