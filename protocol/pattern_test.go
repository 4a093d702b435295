package protocol

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// naive is Match in its plainest form: it tries all possibilities.
func naive(pattern, name []string) bool {
	switch {
	case len(pattern) == 0:
		return len(name) == 0
	case pattern[0] == "**":
		return naive(pattern[1:], name) || len(name) > 0 && naive(pattern, name[1:])
	case len(name) == 0:
		return false
	}
	fits, err := path.Match(pattern[0], name[0])
	return fits && err == nil && naive(pattern[1:], name[1:])
}

func TestMatchIsWhatTryingEverythingFinds(t *testing.T) {
	deep := strings.Repeat("*?", 29) + "*" // the elements around it lie on both sides of a word's end
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{"**", "*", "a", "b", "a*", "?", "[a-b]", "ab", `\a`, "*a*b", "[^a]?", `[\*é]`, "é*", "a**", "*?*?", "[^a-bé]*", deep}), 1, 6)
	names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "c", "*", "é", "éa", "aab", "cé", "abab"}), 1, 7)
	rapid.Check(t, func(t *rapid.T) {
		pattern, name := parts.Draw(t, "pattern"), names.Draw(t, "name")
		got := Match(strings.Join(pattern, "/"), strings.Join(name, "/"))
		if want := naive(pattern, name); got != want {
			t.Fatalf("%v matches %v: %v, want %v", pattern, name, got, want)
		}
	})
}

// dear are patterns and names that cost much where possibilities are tried one after the other.
func dear() []struct{ pattern, name string } {
	long := strings.Repeat("a", MaxComponent)
	return []struct{ pattern, name string }{
		{strings.Repeat("**/a/", 200) + "b", strings.Repeat("a/", 511) + "a"},
		{"**/" + strings.Repeat("a/", 256) + "b", strings.Repeat("a/", 511) + "a"},
		{strings.Repeat("**/", 300) + "b", strings.Repeat("a/", 511) + "a"},
		{strings.Repeat("*a", 127) + "b", long},
		{strings.Repeat("*a*a*a/", 128), strings.Repeat(long+"/", 3) + long},
		{"*" + strings.Repeat("a", 127) + "b", long},
		{"**/*" + strings.Repeat("[a-z]", 200) + "b", strings.Repeat(long+"/", 3) + long},
		{"*[" + strings.Repeat("b", 1000) + "]c", long},
		{"*" + strings.Repeat("[^b]", 250) + "b", long},
	}
}

// BenchmarkMatchAtItsWorst measures each of the dear ones.
func BenchmarkMatchAtItsWorst(b *testing.B) {
	for _, c := range dear() {
		b.Run(fmt.Sprintf("%.12s", c.pattern), func(b *testing.B) {
			p, name := NewPattern(c.pattern), []byte(c.name)
			for b.Loop() {
				if p.Match(name) {
					b.Fatal("it matches")
				}
			}
		})
	}
}

// TestStepsAreBounded: a match takes a step for each word of 64 elements and each character, and one
// for each element when a character is met first. So it does not matter how stars and classes follow
// each other.
func TestStepsAreBounded(t *testing.T) {
	for _, c := range dear() {
		if CheckPattern(c.pattern) != nil || CheckName(c.name) != nil {
			t.Fatalf("%.20s or %.20s is refused", c.pattern, c.name)
		}
		p := NewPattern(c.pattern)
		p.Match([]byte(c.name))
		p.Steps = 0
		if most := (len(c.name) + 1) * (len(c.pattern)/64 + 2); p.Match([]byte(c.name)) || p.Steps > most {
			t.Errorf("%.20s takes %d steps, want at most %d", c.pattern, p.Steps, most)
		}
	}
}

// TestCharactersThatShareAPlaceAreKeptApart: a pattern remembers characters by their low byte.
func TestCharactersThatShareAPlaceAreKeptApart(t *testing.T) {
	p := NewPattern("a\u0161a[\u0161b]?")
	for name, want := range map[string]bool{"a\u0161a\u0161a": true, "aaaaa": false, "\u0161\u0161aba": false, "a\u0161aba": true, "a\u0161aaa": false} {
		if p.Match([]byte(name)) != want {
			t.Errorf("%q: %t", name, !want)
		}
	}
	p.Steps = 0
	p.Match([]byte(strings.Repeat("a\u0161", 100)))
	if most := 201 * (1 + 2*len(p.elements)); p.Steps > most {
		t.Errorf("characters that drive each other out take %d steps, want at most %d", p.Steps, most)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("**/*.iso", "a/b.iso")
	f.Add("[", "a")
	f.Add("a/", "a/b")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if CheckPattern(pattern) != nil || CheckName(name) != nil {
			return
		}
		got := Match(pattern, name)
		if got && Match(pattern+"/", name) && !strings.HasSuffix(pattern, "/") && !strings.Contains(pattern, "**") {
			t.Errorf("%q stands for %q and for what is below it", pattern, name)
		}
		if !IsPattern(pattern) && pattern != "" && got != (pattern == name) {
			t.Errorf("the plain name %q matches %q: %v", pattern, name, got)
		}
	})
}

// TestHiddenComponentsAreMatchedByALiteralDot where they are to be, and to a relay by all that matches any character.
func TestHiddenComponentsAreMatchedByALiteralDot(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		visible       bool
	}{
		{"**", "a/b", true}, {"**", ".bashrc", false}, {"**", "a/.b", false}, {"**", ".ssh/authorized_keys", false}, {"**", "a.b/c.d", true},
		{"", ".a", false}, {"", "a", true}, {"a/", "a/.b", false}, {"a/", "a/b", true}, {".ssh/", ".ssh/keys", true}, {".ssh/", ".ssh/.keys", false},
		{"*", ".a", false}, {"?a", ".a", false}, {"[.]a", ".a", false}, {".*", ".a", true}, {`\.*`, ".a", true}, {"**/.*", "a/b/.c", true},
		{"**/.*", ".a/b/.c", false}, {".*/**/.*", ".a/b/.c", true}, {"**/.git/**", "a/.git/b", true}, {"**/.git/**", "a/.git/.b", false},
		{"*/b", ".a/b", false}, {"a*", "a.b", true}, {"**/x", ".a/x", false}, {"**/**", ".a", false}, {"**/.??*", "...", true},
	} {
		p := NewPattern(c.pattern)
		if !p.Match([]byte(c.name)) {
			t.Errorf("to a relay %q does not match %q", c.pattern, c.name)
		}
		p.Visible = true
		if p.Match([]byte(c.name)) != c.visible {
			t.Errorf("%q matches %q: %t", c.pattern, c.name, !c.visible)
		}
	}
}
