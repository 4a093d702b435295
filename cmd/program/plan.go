package program

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/relaypeer/relaypeer/protocol"
)

// pick is a content that is published under a name, and who has it.
type pick struct {
	name    string
	size    uint64 // bytes
	hash    protocol.Hash
	count   uint64           // nodes that have it
	holders []netip.AddrPort // some of them
}

// plan is what of many picks can be fetched into one folder.
type plan struct {
	picks    []pick    // sorted by name, each name once
	variants []string  // for people: names that have other contents as well
	refused  []refusal // names that cannot lie beside those picked
}

// refusal is a name that is not fetched, and why.
type refusal struct{ name, why string }

// newPlan chooses the content that most nodes have of each name, and of names that could not lie side by side on
// every disk the first.
func newPlan(found []pick) plan {
	var p plan
	found = merge(found)
	ground := site{files: make(map[string]string, len(found)), folders: map[string]string{}}
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].name == found[0].name {
			n++
		}
		chosen := found[0]
		if why := ground.occupy(chosen.name); why != "" {
			p.refused = append(p.refused, refusal{chosen.name, why})
		} else {
			p.picks = append(p.picks, chosen)
			if n > 1 {
				p.variants = append(p.variants, variantsNote(chosen, found[:n]))
			}
		}
		found = found[n:]
	}
	return p
}

// sortPicks sorts by name, and contents of one name by what most nodes have.
func sortPicks(found []pick) {
	slices.SortFunc(found, func(a, b pick) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(b.count, a.count), slices.Compare(a.hash[:], b.hash[:]))
	})
}

// merge makes one of picks that are the same content under the same name, and sorts them.
func merge(found []pick) []pick {
	if ascending(found) { // as a relay lists them
		return found
	}
	sortPicks(found)
	slices.SortStableFunc(found, func(a, b pick) int {
		return cmp.Or(strings.Compare(a.name, b.name), slices.Compare(a.hash[:], b.hash[:]))
	})
	found = slices.CompactFunc(found, func(a, b pick) bool { return a.name == b.name && a.hash == b.hash })
	sortPicks(found)
	return found
}

// ascending reports whether each name stands once, in order.
func ascending(found []pick) bool {
	for i := 1; i < len(found); i++ {
		if found[i-1].name >= found[i].name {
			return false
		}
	}
	return true
}

func variantsNote(chosen pick, contents []pick) string {
	var others []string
	nodes := uint64(0)
	for _, other := range contents {
		if other.hash != chosen.hash {
			nodes += other.count
			others = append(others, other.hash.String())
		}
	}
	return fmt.Sprintf("%s %s other content under the name %q: %s; --hash picks one", count(int(nodes), "node", "nodes"),
		has(nodes), said(chosen.name), few(others))
}

func has(nodes uint64) string {
	if nodes == 1 {
		return "has"
	}
	return "have"
}

// few lists the first of many texts.
func few(texts []string) string {
	const most = 3
	if len(texts) <= most {
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
}

// site is what lies in a folder on a disk that does not tell upper from lower case, nor one way to compose a letter
// from another.
type site struct {
	files   map[string]string // the name that took it, by what such a disk makes of it
	folders map[string]string // a name below it
}

// occupy takes the place of a name, or says why it can't have it.
func (s site) occupy(name string) string {
	key := folded(name)
	if other, taken := s.files[key]; taken {
		return fmt.Sprintf("on many disks it is the same name as %q", said(other))
	}
	if below, taken := s.folders[key]; taken {
		return fmt.Sprintf("a folder has to be there, for %q", said(below))
	}
	for at, r := range key {
		if r != '/' {
			continue
		}
		if other, taken := s.files[key[:at]]; taken {
			return fmt.Sprintf("the file %q is where its folder would have to be", said(other))
		}
	}
	s.files[key] = name
	for at, r := range key {
		if r == '/' && s.folders[key[:at]] == "" {
			s.folders[key[:at]] = name
		}
	}
	return ""
}

// folded returns what a disk that is blind to case makes of a name.
func folded(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return norm.NFC.String(cases.Fold().String(name))
		}
	}
	return strings.ToLower(name)
}
