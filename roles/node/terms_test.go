package node_test

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

func TestTermsThatWouldHaveClientsTakeTheNodeForDeadAreRefused(t *testing.T) {
	const least = roles.LeastUploadRate
	for _, bad := range []node.Terms{{Uploads: -1}, {Rate: least - 1}, {Each: least - 1}, {Rate: 3*least - 1, Uploads: 3}} {
		if bad.Check() == nil {
			t.Errorf("%+v are good", bad)
		}
	}
	for _, good := range []node.Terms{{}, {Rate: least}, {Each: least}, {Rate: 3 * least, Uploads: 3}, {Uploads: 1}, {Rate: 1 << 40, Each: 1 << 30}} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
}

func TestUnderGoodTermsEachBodyHasTheLeastRate(t *testing.T) {
	const least = uint64(roles.LeastUploadRate)
	for _, rate := range []uint64{0, least, 3 * least, 64 * least, 1 << 20, 1 << 30} {
		for _, each := range []uint64{0, least, 3*least + 1, 1 << 30} {
			for _, uploads := range []int{0, 1, 2, 3, 64, 1000} {
				terms := node.Terms{Uploads: uploads, Rate: rate, Each: each}
				if terms.Check() != nil {
					continue
				}
				turns := terms.Turns()
				most, from := uint64(turns.Most), uint64(turns.MostFrom)
				if most < 1 || from < 1 || uploads > 0 && most != uint64(uploads) || most > 1 && from == most {
					t.Errorf("%+v: %d turns, %d of one origin", terms, most, from)
				}
				for links := uint64(1); links <= from; links++ { // of one, while as many others as there can be have a turn
					if origins := most - links + 1; rate > 0 && rate/origins/links < least {
						t.Errorf("%+v: one of %d links of one of %d origins gets %d", terms, links, origins, rate/origins/links)
					}
				}
				if each > 0 && each/from < least {
					t.Errorf("%+v: one of %d links gets %d", terms, from, each/from)
				}
				if turns.Pace < least/2 {
					t.Errorf("%+v: a turn is reckoned with %d bytes a second", terms, turns.Pace)
				}
			}
		}
	}
}

func TestTheLeastRateIsTwiceWhatClientsDemand(t *testing.T) {
	if demanded := uint64(roles.MinProgress) / uint64(roles.ProgressTimeout/time.Second); roles.LeastUploadRate != 2*demanded {
		t.Errorf("%d is not twice %d", roles.LeastUploadRate, demanded)
	}
}
