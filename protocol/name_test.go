package protocol

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func TestNameRule(t *testing.T) {
	long := strings.Repeat("a", 255)
	for _, name := range []string{
		"a", "a b", "a.txt", ".hidden", "..a", "a..", "...", "docs/readme.txt", "日本/語.txt", "naïve", "😀", "❤\ufe0f",
		"a:b", "*?\"<>|", " leading and trailing ", "~", "-rf", "א", "\u00a0",
		long, long + "/" + long + "/" + long + "/" + long, strings.Repeat("é", 127),
		long + "/" + long + "/" + long + "/" + long[:254] + "/b", // 1024 bytes
	} {
		if err := CheckName(name); err != nil {
			t.Errorf("%.40q is refused: %v", name, err)
		}
	}
	for why, names := range map[string][]string{
		"empty":             {""},
		"component":         {"/", "/a", "a/", "a//b", "//", "a/b/"},
		"dots":              {".", "..", "./a", "../a", "a/..", "a/.", "a/../b", "a/./b", "../../etc/passwd"},
		"backslash":         {"\\", "a\\b", "..\\a", "C:\\a"},
		"control":           {"\x00", "a\x00b", "a\nb", "a\rb", "a\tb", "\x1b[2J", "\x7f", "a\u0085b", "a\u009bb"},
		"bidirectional":     {"a\u202egpj.exe", "\u202a", "\u202b", "\u202c", "\u202d", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f", "\u061c"},
		"shown as nothing":  {"a\u200bb", "a\u200cb", "a\u200db", "a\u2060b", "\ufeffa", "a\u00adb", "a\u034fb", "a\u115fb", "a\u1160b", "a\u3164b", "a\uffa0b", "a\u180eb", "a\U000e0041b", "\U000e0001"},
		"separators":        {"a\u2028b", "a\u2029b"},
		"not UTF-8":         {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"},
		"not normal form C": {"e\u0301", "\u212b", "\u1100\u1161", "a\u0323\u0307\u0323", "\u2126"},
		"1025 bytes":        {long + "/" + long + "/" + long + "/" + long + "/a", strings.Repeat("a", 1025)},
		"256 in a part":     {strings.Repeat("a", 256), "a/" + strings.Repeat("é", 128)},
	} {
		for _, name := range names {
			if err := CheckName(name); codeOf(err) != BadName {
				t.Errorf("%s: %.40q gives %v", why, name, err)
			}
		}
	}
}

func TestHidden(t *testing.T) {
	for name, hidden := range map[string]bool{
		".a": true, "a/.b": true, "a/.b/c": true, "a.b": false, "a": false, "a/b.": false, "...": true,
	} {
		if Hidden(name) != hidden {
			t.Errorf("%q hidden: %v", name, !hidden)
		}
	}
}

func TestWhatAPeerWroteIsMadeSafeToShow(t *testing.T) {
	for text, want := range map[string]string{
		"plain é 😀": "plain é 😀", "\x1b[2J\u202ea\nb\x00": "?[2J?a?b?", "a\xffb": "a\ufffdb", "": "",
	} {
		if got := Printable(text, 100); got != want {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
	if got := Printable(strings.Repeat("é", 10), 5); got != "éé" {
		t.Errorf("cut to %q", got)
	}
}

func FuzzName(f *testing.F) {
	for _, seed := range []string{"a", "a/b", "..", "a\u202eb", "e\u0301", "\xff", ".h", "a//b", "日本"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if refusal := CheckName(name); refusal != nil {
			if e := AsError(refusal); e.Code != BadName || len(e.Text) > MaxText {
				t.Errorf("refused with %v", refusal)
			}
			return
		}
		if name == "" || len(name) > MaxName || strings.ContainsAny(name, "\\\x00\n\u202e\u200b") {
			t.Errorf("%q is allowed", name)
		}
		if Printable(name, len(name)) != name {
			t.Errorf("%q is allowed and can't be shown", name)
		}
		for part := range strings.SplitSeq(name, "/") {
			if part == "" || part == "." || part == ".." || len(part) > MaxComponent {
				t.Errorf("%q is allowed", name)
			}
		}
		if m, _, refusal := Decode(Append(nil, &Get{Name: name})); refusal != nil || m.(*Get).Name != name {
			t.Errorf("%q does not come through: %v", name, refusal)
		}
	})
}

// TestTheTablesAreUnicodes: the tables are those of the package unicode while it has their version.
// Which names are allowed is the protocol's, and no toolchain's: a later version of the packages
// ends this comparison, and changes nothing else.
func TestTheTablesAreUnicodes(t *testing.T) {
	if unicode.Version != UnicodeVersion {
		t.Skipf("the package unicode has version %s", unicode.Version)
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		is := unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf, unicode.Co)
		if among(assigned, r) != is {
			t.Errorf("U+%04X is assigned: %v", r, is)
		}
		is = unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
		if among(invisible, r) != is {
			t.Errorf("U+%04X is invisible: %v", r, is)
		}
	}
}

// TestUnassignedCharactersBoundWhatIsNormalised: a library of any version finds the same.
func TestUnassignedCharactersBoundWhatIsNormalised(t *testing.T) {
	for _, name := range []string{
		"\U000105d2\u0307", "\U000105c9", // Unicode 16 composes the former to the latter
		"\U00016121\U0001611e", "\U00016d67\U00016d67", // the same, of marks and letters that are new in it
		"a\u0897\u0323",                    // U+0897 is a mark since Unicode 16, which sorts the two
		"a" + strings.Repeat("\u0897", 40), // as such it would be no more than 30 times in a row
		"\u0378\u0301",                     // nothing composes with what is not assigned
		"q" + strings.Repeat("\u0302", 30) + "\u0378" + strings.Repeat("\u0302", 30),
	} {
		if err := CheckName(name); err != nil {
			t.Errorf("%+q is refused: %v", name, err)
		}
		if got := Composed(name); got != name {
			t.Errorf("%+q is composed to %+q", name, got)
		}
	}
	for name, composed := range map[string]string{
		"\u0378e\u0301":               "\u0378\u00e9",
		"e\u0301\u0378":               "\u00e9\u0378",
		"e\u0301\U000105d2\u0307":     "\u00e9\U000105d2\u0307",
		"\U000105d2a\u0307\U000105d2": "\U000105d2\u0227\U000105d2",
	} {
		if err := CheckName(name); codeOf(err) != BadName {
			t.Errorf("%+q gives %v", name, err)
		}
		if got := Composed(name); got != composed {
			t.Errorf("%+q is composed to %+q", name, got)
		}
	}
	if err := CheckName("a\U00013439b"); codeOf(err) != BadName {
		t.Errorf("a control that is new in 15.0 gives %v", err)
	}
}

// FuzzRuns: while the library has the version of the tables, the runs say what the whole text does.
func FuzzRuns(f *testing.F) {
	for _, seed := range []string{"a", "e\u0301", "\u0378\u0301", "e\u0301\u0378\u0323\u0301a", "\u1100\u1161", "\xff\u0301", "\U000105d2\u0307"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if norm.Version != UnicodeVersion {
			t.Skip()
		}
		if composed(text) != norm.NFC.IsNormalString(text) || Composed(text) != norm.NFC.String(text) {
			t.Errorf("%+q is composed: %v; composed it is %+q", text, composed(text), Composed(text))
		}
	})
}
