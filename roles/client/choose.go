package client

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Offer is a content that is published under a name.
type Offer struct {
	Name     string
	Identity                  // without a hash: no content is known of the name; nodes have to be asked for it
	Count    uint64           // nodes that have it
	Holders  []netip.AddrPort // some of them
}

// Choice is what of many offers can be fetched into one folder.
type Choice struct {
	Picks    []Offer // sorted by name, each name once
	Variants []Variants
	Clashes  []Clash
}

// Variants are the contents of a name that has several.
type Variants struct {
	Picked Offer
	Others []Offer
}

// Clash is a name that is not fetched, because it cannot lie beside another one on every disk.
type Clash struct {
	Name, Other string
	Kind        ClashKind
}

// ClashKind says why two names cannot lie side by side.
type ClashKind int

// The kinds of clashes.
const (
	SameName     ClashKind = iota // to a disk that does not tell upper from lower case
	FolderNeeded                  // the name is a folder, for Other
	FileInTheWay                  // the file Other is where its folder would have to be
)

// Choose picks the content that most nodes have of each name, and of names that cannot lie side by
// side the first.
func Choose(offers []Offer) Choice {
	var c Choice
	offers = Merge(offers)
	taken := site{files: make(map[string]string, len(offers)), folders: map[string]string{}}
	for len(offers) > 0 {
		n, known := 1, 0
		for n < len(offers) && offers[n].Name == offers[0].Name {
			n++
		}
		for known < n && !offers[known].Hash.IsZero() {
			known++
		}
		picked := offers[0]
		if clash, is := taken.occupy(picked.Name); is {
			c.Clashes = append(c.Clashes, clash)
		} else {
			c.Picks = append(c.Picks, picked)
			if known > 1 {
				c.Variants = append(c.Variants, Variants{picked, offers[1:known:known]})
			}
		}
		offers = offers[n:]
	}
	return c
}

// Merge makes one of offers that are the same content under the same name, and sorts them by name,
// and contents of one name by what most nodes have; no content comes last.
func Merge(offers []Offer) []Offer {
	if ascending(offers) { // as a relay lists them
		return offers
	}
	sortOffers(offers)
	slices.SortStableFunc(offers, func(a, b Offer) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), a.compare(b.Identity))
	})
	offers = slices.CompactFunc(offers, func(a, b Offer) bool { return a.Name == b.Name && a.Identity == b.Identity })
	sortOffers(offers)
	return offers
}

func sortOffers(offers []Offer) {
	slices.SortFunc(offers, func(a, b Offer) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), a.unknown()-b.unknown(), cmp.Compare(b.Count, a.Count), a.compare(b.Identity))
	})
}

// unknown returns 1 if no content is known, and 0 otherwise.
func (is Identity) unknown() int {
	if is.Hash.IsZero() {
		return 1
	}
	return 0
}

func (is Identity) compare(other Identity) int {
	return cmp.Or(slices.Compare(is.Hash[:], other.Hash[:]), cmp.Compare(is.Size, other.Size))
}

// ascending reports whether each name stands once, in order.
func ascending(offers []Offer) bool {
	for i := 1; i < len(offers); i++ {
		if offers[i-1].Name >= offers[i].Name {
			return false
		}
	}
	return true
}

// site is what lies in a folder on a disk that does not tell upper from lower case, nor one way to
// compose a letter from another.
type site struct {
	files   map[string]string // the name of a file, by its folded name
	folders map[string]string // the name of a file below a folder, by the folder's folded name
}

// occupy takes the place of a name, or returns the clash.
func (s site) occupy(name string) (clash Clash, is bool) {
	key := folded(name)
	if other, taken := s.files[key]; taken {
		return Clash{name, other, SameName}, true
	}
	if below, taken := s.folders[key]; taken {
		return Clash{name, below, FolderNeeded}, true
	}
	for at, r := range key {
		if r != '/' {
			continue
		}
		if other, taken := s.files[key[:at]]; taken {
			return Clash{name, other, FileInTheWay}, true
		}
	}
	s.files[key] = name
	for at, r := range key {
		if r == '/' && s.folders[key[:at]] == "" {
			s.folders[key[:at]] = name
		}
	}
	return Clash{}, false
}

// folded returns the form of a name that such a disk compares.
func folded(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return norm.NFC.String(cases.Fold().String(name))
		}
	}
	return strings.ToLower(name)
}
