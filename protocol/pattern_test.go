package protocol

import (
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
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{"**", "*", "a", "b", "a*", "?", "[a-b]", "ab", `\a`, "*a*b", "[^a]?", `[\*é]`, "é*", "a**"}), 1, 6)
	names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "c", "*", "é", "éa", "aab", "cé", "abab"}), 1, 7)
	rapid.Check(t, func(t *rapid.T) {
		pattern, name := parts.Draw(t, "pattern"), names.Draw(t, "name")
		got := Match(strings.Join(pattern, "/"), strings.Join(name, "/"))
		if want := naive(pattern, name); got != want {
			t.Fatalf("%v matches %v: %v, want %v", pattern, name, got, want)
		}
	})
}

// BenchmarkMatchAtItsWorst measures the pattern and name that cost the most steps: the product of
// their lengths bounds them.
func BenchmarkMatchAtItsWorst(b *testing.B) {
	pattern := strings.Repeat("**/a/", 200) + "b"
	name := strings.Repeat("a/", 511) + "a"
	for b.Loop() {
		if Match(pattern, name) {
			b.Fatal("it matches")
		}
	}
}

// TestStepsAreBounded: a match takes at most a small multiple of the product of the lengths of
// pattern and name.
func TestStepsAreBounded(t *testing.T) {
	long := strings.Repeat("a", MaxComponent)
	for _, c := range []struct{ pattern, name string }{
		{strings.Repeat("**/a/", 200) + "b", strings.Repeat("a/", 511) + "a"},
		{"**/" + strings.Repeat("a/", 256) + "b", strings.Repeat("a/", 511) + "a"},
		{strings.Repeat("*a", 127) + "b", long},
		{"*" + strings.Repeat("a", 127) + "b", long},
		{"**/*" + strings.Repeat("[a-z]", 200) + "b", strings.Repeat(long+"/", 3) + long},
		{"*[" + strings.Repeat("b", 1000) + "]c", long},
	} {
		if CheckPattern(c.pattern) != nil || CheckName(c.name) != nil {
			t.Fatalf("%.20s or %.20s is refused", c.pattern, c.name)
		}
		p := NewPattern(c.pattern)
		if most := 4 * len(c.pattern) * len(c.name); p.Match([]byte(c.name)) || p.Steps > most {
			t.Errorf("%.20s takes %d steps, want at most %d", c.pattern, p.Steps, most)
		}
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
