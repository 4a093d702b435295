package main

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/annotate"
)

const top = "../.."

func specText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, "SPEC.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSpecIsOfTheAgeOfTheCode(t *testing.T) {
	all, err := regions(top)
	if err != nil {
		t.Fatal(err)
	}
	text := specText(t)
	filled, err := fill(text, all)
	if err != nil {
		t.Fatal(err)
	}
	if filled != text {
		t.Error("SPEC.md differs from the code: run go run ./cmd/spec at the top, and look at what changed")
	}
}

func TestFillWantsEachRegionOnce(t *testing.T) {
	one := map[string]string{"a": "text\n"}
	for _, text := range []string{
		"no region",
		"<!-- generated: a -->\nno end",
		"<!-- generated: b -->\n<!-- end -->",
		"<!-- generated: a -->\n<!-- end --><!-- generated: a -->\n<!-- end -->",
	} {
		if _, err := fill(text, one); err == nil {
			t.Errorf("%q was filled", text)
		}
	}
	got, err := fill("before\n<!-- generated: a -->\nold\n<!-- end -->\nafter", one)
	if want := "before\n<!-- generated: a -->\ntext\n<!-- end -->\nafter"; err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestEveryKindHasAnExample(t *testing.T) {
	shown := map[protocol.Kind]bool{}
	for _, m := range examples() {
		shown[m.Kind()] = true
	}
	for _, k := range protocol.Kinds {
		if !shown[k.Kind] {
			t.Errorf("%s has no example", k.Name)
		}
	}
}

// The annotated bytes are the bytes: nothing is left out or told twice.
func TestAnnotationsKeepTheBytes(t *testing.T) {
	digits := regexp.MustCompile(`(?m)^([0-9a-f]{2}( |$))+`)
	for _, m := range examples() {
		frame := protocol.Append(nil, m)
		var told []byte
		for _, line := range digits.FindAllString(annotate.Frame(frame, m), -1) {
			for _, pair := range strings.Fields(line) {
				told = append(told, pair...)
			}
		}
		if want := hex.EncodeToString(frame); !bytes.Equal(told, []byte(want)) {
			t.Errorf("%s: told %s, is %s", m.Kind(), told, want)
		}
	}
}

// Each test that the conformance table names is there, in the package that it names.
func TestConformanceNamesTestsThatExist(t *testing.T) {
	tests := map[string]string{} // name to the packages that have it
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		pkg, _ := filepath.Rel(top, filepath.Dir(path))
		for _, match := range declared.FindAllStringSubmatch(string(text), -1) {
			tests[match[1]] += " " + filepath.ToSlash(pkg) + " "
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(specText(t), "\n## Conformance\n")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	entry := regexp.MustCompile("((?:`(?:Test|Fuzz)\\w+`,? ?)+)\\(([\\w/-]+)\\)")
	name := regexp.MustCompile(`\w+`)
	named := 0
	for _, match := range entry.FindAllStringSubmatch(chapter, -1) {
		for _, test := range name.FindAllString(match[1], -1) {
			named++
			if !strings.Contains(tests[test], " "+match[2]+" ") {
				t.Errorf("the conformance table names %s in %s, which is not there", test, match[2])
			}
		}
	}
	if all := len(regexp.MustCompile("`(Test|Fuzz)").FindAllString(chapter, -1)); named == 0 || named != all {
		t.Errorf("%d of %d tests of the conformance table were looked for", named, all)
	}
}
