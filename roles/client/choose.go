package client

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Offer is a content that is published under a name.
type Offer struct {
	Name     string
	Identity        // without a hash: no content is known of the name; nodes have to be asked for it
	Count    uint64 // nodes that have it
	Holders  []Node // some of them
	// Alternates are the second addresses of holders that have two, by the first.
	Alternates map[Node]netip.AddrPort

	Modified uint64 // when it was last changed, as one of the nodes says, in seconds since 1970; 0: not said
}

// ModTime returns when the file was last changed, as a node says; the zero time, if none does.
func (o *Offer) ModTime() time.Time { return protocol.TimeOf(o.Modified) }

// Choice is what of many offers can be fetched into one folder.
type Choice struct {
	Picks    []Offer // sorted by name, each name once
	Variants []Variants
	Clashes  []Clash
	Lost     []Offer // of each clash: what is not fetched
}

// Variants are the contents of a name that has several.
type Variants struct {
	Picked Offer
	Others []Offer
}

// Clash is a name that is not fetched, because it cannot lie beside another one.
type Clash struct {
	Name, Other string
	Kind        ClashKind
}

// ClashKind says why two names cannot lie side by side.
type ClashKind int

// The kinds of clashes.
const (
	FolderNeeded ClashKind = iota // the name is a folder, for Other
	FileInTheWay                  // the file Other is where its folder would have to be
)

// Choose picks the content that most nodes have of each name, of those of which a holder is named. Where one name is a file and the
// folder of others, it picks what more nodes have: the file, or any one of those in the folder; on
// a tie the folder, which is more.
func Choose(offers []Offer) Choice {
	var c Choice
	offers = Merge(offers)
	picks := make([]Offer, 0, len(offers))
	nodes := make([]uint64, 0, len(offers)) // that have the name of each, whatever its content
	for len(offers) > 0 {
		n, known := 1, 0
		for n < len(offers) && offers[n].Name == offers[0].Name {
			n++
		}
		for known < n && !offers[known].Hash.IsZero() {
			known++
		}
		have := uint64(0)
		for _, one := range offers[:n] {
			have += one.Count
		}
		picks, nodes = append(picks, offers[0]), append(nodes, have)
		if known > 1 {
			c.Variants = append(c.Variants, Variants{offers[0], offers[1:known:known]})
		}
		offers = offers[n:]
	}
	lost := c.clash(picks, nodes)
	if len(lost) == 0 {
		c.Picks = picks
		return c
	}
	for _, one := range picks {
		if _, is := lost[one.Name]; !is {
			c.Picks = append(c.Picks, one)
		} else {
			c.Clashes, c.Lost = append(c.Clashes, lost[one.Name]), append(c.Lost, one)
		}
	}
	c.Variants = slices.DeleteFunc(c.Variants, func(v Variants) bool { _, is := lost[v.Picked.Name]; return is })
	return c
}

// clash returns the clashes of names that are files and folders at once, by the name that loses.
func (c *Choice) clash(picks []Offer, nodes []uint64) map[string]Clash {
	type folder struct {
		name string
		file int    // the pick that is called so
		most uint64 // nodes that have any one of the names in it
		of   []string
	}
	at, folders := map[string]int{}, []folder{}
	sound := "" // the last folder that is no file, nor is one above it: mostly that of the next name, too
	for i, one := range picks {
		above := folderOf(one.Name)
		if above == sound {
			continue
		}
		sound = above
		for name := above; name != ""; name = folderOf(name) {
			file, is := slices.BinarySearchFunc(picks, name, func(pick Offer, name string) int { return strings.Compare(pick.Name, name) })
			if !is {
				continue
			}
			sound = ""
			n, known := at[name]
			if !known {
				n, at[name] = len(folders), len(folders)
				folders = append(folders, folder{name: name, file: file})
			}
			folders[n].most = max(folders[n].most, nodes[i])
			folders[n].of = append(folders[n].of, one.Name)
		}
	}
	slices.SortFunc(folders, func(a, b folder) int { return strings.Compare(a.name, b.name) }) // those above come first
	lost := map[string]Clash{}
	for _, f := range folders {
		below := slices.DeleteFunc(f.of, func(name string) bool { _, is := lost[name]; return is })
		switch _, is := lost[f.name]; {
		case is || len(below) == 0:
		case f.most >= nodes[f.file]:
			lost[f.name] = Clash{f.name, below[0], FolderNeeded}
		default:
			for _, name := range below {
				lost[name] = Clash{name, f.name, FileInTheWay}
			}
		}
	}
	return lost
}

// folderOf returns the folder that a name lies in; "": in none.
func folderOf(name string) string { return name[:max(0, strings.LastIndexByte(name, '/'))] }

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
		return cmp.Or(strings.Compare(a.Name, b.Name), a.unknown()-b.unknown(), a.unheld()-b.unheld(), cmp.Compare(b.Count, a.Count), a.compare(b.Identity))
	})
}

// unknown returns 1 if no content is known, and 0 otherwise.
func (is Identity) unknown() int {
	if is.Hash.IsZero() {
		return 1
	}
	return 0
}

// unheld returns 1 if no holder is named, as where none can be reached, and 0 otherwise.
func (o *Offer) unheld() int {
	if len(o.Holders) == 0 {
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
