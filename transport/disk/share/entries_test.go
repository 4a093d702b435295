package share

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
)

// Names that come and go, in folders of their own and under links, are found as what they are, and
// leave their room to others.
func TestNamesComeAndGo(t *testing.T) {
	x := newEntries()
	dirs := []*dir{{name: ""}, {name: "a"}, {name: "a folder with a long name/and one in it"}, {name: "e\u0301"}}
	for _, d := range dirs {
		x.enroll(d)
	}
	draw := rand.New(rand.NewPCG(1, 2))
	is, held := map[string]*entry{}, map[*entry]int{}
	for n := range 300_000 {
		name := fmt.Sprintf("file %d of some length", draw.IntN(20_000))
		d := dirs[draw.IntN(len(dirs))]
		if n > 200_000 && draw.IntN(4) > 0 { // then few are left
			name = fmt.Sprintf("file %d of some length", draw.IntN(200))
		}
		switch draw.IntN(5) {
		case 0:
			name = "a/" + name
		case 1:
			name = "\u00e9/" + name
		}
		e := x.named(name)
		if e != is[name] {
			t.Fatalf("%q is %v, not %v", name, e, is[name])
		}
		switch {
		case e == nil && (n < 200_000 || len(is) < 500):
			is[name] = x.add(d, name)
			is[name].hash = protocol.Hash{byte(n), 1}
			x.prepend(is[name])
		case e == nil:
			for other, e := range is {
				x.extract(e)
				x.remove(e)
				delete(is, other)
				break
			}
		case draw.IntN(3) == 0:
			x.place(d, e)
		case draw.IntN(3) == 0:
			x.hold(e)
			held[e]++
		case e.held > 0 && draw.IntN(2) == 0:
			held[e]--
			x.release(e)
		default:
			x.extract(e)
			x.remove(e)
			delete(is, name)
			for ; held[e] > 0; held[e]-- {
				if e.in != 0 || e.self == 0 {
					t.Fatal("one that is held is given away")
				}
				x.release(e)
			}
		}
	}
	count := 0
	for e := range x.all() {
		if count++; is[x.entryName(e)] != e {
			t.Errorf("%q is another", x.entryName(e))
		}
	}
	if count != len(is) || x.count != len(is) || x.slab.Size() > 70_000 {
		t.Errorf("%d and %d names of %d, %d numbers", count, x.count, len(is), x.slab.Size())
	}
}
