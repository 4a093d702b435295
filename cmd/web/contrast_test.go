package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// colours returns the custom properties that are colours, of the light scheme and of the dark one.
func colours(t *testing.T) (schemes map[string]map[string]string) {
	t.Helper()
	css := string(assets()[sheet].data)
	light, rest, found := strings.Cut(css, "@media (prefers-color-scheme: dark)")
	dark, _, ended := strings.Cut(rest, "\n}\n")
	if !found || !ended {
		t.Fatal("there are not two schemes")
	}
	schemes = map[string]map[string]string{}
	for name, text := range map[string]string{"light": light, "dark": dark} {
		schemes[name] = map[string]string{}
		for _, match := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(text, -1) {
			schemes[name][match[1]] = match[2]
		}
	}
	if len(schemes["light"]) < 20 || len(schemes["light"]) != len(schemes["dark"]) {
		t.Fatalf("%d and %d colours", len(schemes["light"]), len(schemes["dark"]))
	}
	return schemes
}

// luminance returns the relative luminance of a colour, as WCAG 2 defines it.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		value, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		channel := float64(value) / 255
		if channel <= 0.04045 {
			channel /= 12.92
		} else {
			channel = math.Pow((channel+0.055)/1.055, 2.4)
		}
		sum += weight * channel
	}
	return sum
}

func TestTextCanBeReadInBothSchemes(t *testing.T) {
	const text, shape = 4.5, 3.0
	for scheme, colour := range colours(t) {
		for _, x := range []struct {
			ink, on string // with blanks between them
			least   float64
		}{
			{"text muted accent", "page panel hover", text},
			{"text accent", "accent-soft", text},
			{"on-accent", "accent", text},
			{"good", "good-soft panel", text},
			{"warn text", "warn-soft panel", text},
			{"bad text", "bad-soft panel", text},
			{"accent second third fourth fifth", "panel page", text},
			{"edge focus", "page panel", shape},
			{"focus", "accent-soft hover", shape},
		} {
			for _, ink := range strings.Fields(x.ink) {
				for _, on := range strings.Fields(x.on) {
					a, b := luminance(t, colour[ink]), luminance(t, colour[on])
					if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < x.least {
						t.Errorf("%s: %s on %s: %.2f", scheme, ink, on, ratio)
					}
				}
			}
		}
	}
}

// What a rule names is there, and colours come from the properties alone.
func TestTheStyleSheetUsesItsProperties(t *testing.T) {
	css := string(assets()[sheet].data)
	names := colours(t)["light"]
	for _, match := range regexp.MustCompile(`var\(--([a-z-]+)\)`).FindAllStringSubmatch(css, -1) {
		if names[match[1]] == "" && !strings.Contains(css, "--"+match[1]+":") {
			t.Errorf("there is no --%s", match[1])
		}
	}
	for name := range names {
		if !strings.Contains(css, "var(--"+name+")") {
			t.Errorf("--%s is not used", name)
		}
	}
	if strings.Contains(css, "url(") || strings.Contains(css, "@import") || strings.Contains(css, "outline: 0;") {
		t.Error("it asks for another file, or takes the focus ring away")
	}
	if open, end := strings.Count(css, "{"), strings.Count(css, "}"); open != end {
		t.Errorf("%d { and %d }", open, end)
	}
}
