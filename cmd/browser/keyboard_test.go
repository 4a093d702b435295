package browser

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// reachable are the elements of a page that somebody may want to use.
const reachable = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"], video[controls], audio[controls]')]
	.filter(e => e.checkVisibility({visibilityProperty: true}))`

// focused describes the element with the focus, and whether one sees that it has it.
const focused = `(() => {
	const e = document.activeElement, s = getComputedStyle(e);
	return {at: ` + reachable + `.indexOf(e), seen: s.outlineStyle != 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow != 'none', what: e.outerHTML.slice(0, 100)};
})()`

// reachesAll demands that the keyboard alone reaches each link, button and field of the page, and that one
// sees where one is.
func (b *tab) reachesAll() {
	b.t.Helper()
	all := eval[int](b, reachable+".length")
	if all == 0 {
		b.t.Error("there is nothing to reach")
	}
	eval[bool](b, `document.activeElement.blur(), getSelection().removeAllRanges(), scrollTo(0, 0), true`)
	reached := map[int]bool{}
	for range 4 * (all + 4) { // a player has several stops
		act(b, chromedp.KeyEvent(kb.Tab))
		is := eval[struct {
			At   int
			Seen bool
			What string
		}](b, focused)
		if is.At < 0 {
			if len(reached) >= all { // past the last one
				break
			}
			continue
		}
		if !reached[is.At] && !is.Seen {
			b.t.Errorf("one does not see that it has the focus: %s", is.What)
		}
		reached[is.At] = true
	}
	if len(reached) < all {
		for at := range all {
			if !reached[at] {
				b.t.Errorf("the keyboard does not reach %s", eval[string](b, fmt.Sprintf(`%s[%d].outerHTML.slice(0, 200)`, reachable, at)))
			}
		}
	}
}

// roles that a screen reader says with a name, and that are of no use without one.
var named = []string{"link", "button", "textbox", "searchbox", "checkbox", "combobox", "image", "img", "graphics-document", "region", "navigation", "table", "video", "audio"}

// isTold demands that a screen reader has a name for each thing on the page, one main part, and one heading of the first level.
func (b *tab) isTold() {
	b.t.Helper()
	tree := tell(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	count := map[string]int{}
	for _, node := range tree {
		if node.Ignored || node.Role == nil {
			continue
		}
		role := strings.Trim(string(node.Role.Value), `"`)
		count[role]++
		name := ""
		if node.Name != nil {
			name = strings.Trim(string(node.Name.Value), `"`)
		}
		if slices.Contains(named, role) && strings.TrimSpace(name) == "" {
			b.t.Errorf("%s: a %s has no name", eval[string](b, `location.pathname`), role)
		}
	}
	if count["main"] != 1 || count["navigation"] == 0 || count["heading"] == 0 {
		b.t.Errorf("a screen reader finds its way by main, navigation and headings: %v", count)
	}
	if first := eval[int](b, `document.querySelectorAll('h1').length`); first != 1 {
		b.t.Errorf("%d headings of the first level", first)
	}
	if levels := eval[[]int](b, `[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => +e.tagName[1])`); !inOrder(levels) {
		b.t.Errorf("levels of headings are left out: %v", levels)
	}
	if lang := eval[string](b, `document.documentElement.lang`); lang == "" {
		b.t.Error("the page does not say its language")
	}
}

func inOrder(levels []int) bool {
	for i := 1; i < len(levels); i++ {
		if levels[i] > levels[i-1]+1 {
			return false
		}
	}
	return true
}

// looks are the screens that a page has to be readable on.
var looks = []struct {
	name          string
	width, height int64
	scheme        string
}{
	{"phone-light", 360, 740, "light"}, {"phone-dark", 360, 740, "dark"},
	{"desk-light", 1920, 1080, "light"}, {"desk-dark", 1920, 1080, "dark"},
}

// crowded lists the texts that do not stand out from what is behind them by 4.5 to 1, as WCAG 2.2 (1.4.3) demands, or
// by 3 to 1 if they are large.
const crowded = `(() => {
	const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
	const channels = c => { context.clearRect(0, 0, 1, 1); context.fillStyle = c; context.fillRect(0, 0, 1, 1); const d = context.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255] };
	const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
	const light = c => { const l = c.slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2] };
	const behind = e => { const layers = []; for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor); layers.push(c); if (c[3] == 1) break }
		return layers.reverse().reduce((below, top) => over(top, below), matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1]) };
	const bad = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	let seen = 0;
	for (let n = walker.nextNode(); n; n = walker.nextNode()) {
		const e = n.parentElement, s = getComputedStyle(e);
		if (!n.data.trim() || !e.checkVisibility({visibilityProperty: true}) || e.closest('script, style, noscript, title, desc, svg')) continue;
		seen++;
		const below = behind(e), ratio = (a => (a[0] + 0.05) / (a[1] + 0.05))([light(over(channels(s.color), below)), light(below)].sort((a, b) => b - a));
		const large = parseFloat(s.fontSize) >= 24 || parseFloat(s.fontSize) >= 18.66 && +s.fontWeight >= 700;
		if (ratio < (large ? 3 : 4.5)) bad.push(n.data.trim().slice(0, 40) + ': ' + ratio.toFixed(2));
	}
	return seen ? bad : ['no text is seen'];
})()`

// isReadable demands that the page is readable on narrow and wide screens, in light and dark: it does not scroll
// sideways as a whole, its texts stand out, and nobody has to aim at what is too small.
func (b *tab) isReadable() {
	b.t.Helper()
	for _, look := range looks {
		b.looksLike(look.width, look.height, look.scheme)
		if wide := eval[int64](b, `document.documentElement.scrollWidth`); wide > look.width {
			b.t.Errorf("%s: it is %d pixels wide", look.name, wide)
		}
		for _, text := range eval[[]string](b, crowded) {
			b.t.Errorf("%s: hard to read: %s", look.name, text)
		}
		if small := eval[[]string](b, `[...new Set([...document.querySelectorAll('main *')].filter(e => e.childNodes.length && e.checkVisibility() && !e.closest('svg') && parseFloat(getComputedStyle(e).fontSize) < 12).map(e => e.tagName))]`); len(small) > 0 {
			b.t.Errorf("%s: smaller than 12 pixels: %v", look.name, small)
		}
	}
	b.looksLike(1280, 800, "light")
}

// looksLike gives the tab a size and a colour scheme.
func (b *tab) looksLike(width, height int64, scheme string) {
	b.t.Helper()
	tell(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 500})
	tell(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}
