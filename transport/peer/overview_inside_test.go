package peer

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestAPageComesShortRatherThanLate: it is filled for as long as pagePatience says, and goes on where that was over.
func TestAPageComesShortRatherThanLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, asked := time.Now(), []int{}
		p := page{limit: 5, until: began.Add(pagePatience)}
		found, next := fill(p, func(p page) ([]int, []byte) {
			asked = append(asked, p.limit)
			time.Sleep(pagePatience / 3)
			return []int{len(asked)}, []byte{byte(len(asked))}
		})
		if !slices.Equal(found, []int{1, 2, 3}) || next != "03" || !slices.Equal(asked, []int{5, 4, 3}) || time.Since(began) != pagePatience {
			t.Errorf("%v, then %q, within %v; there was room for %v", found, next, time.Since(began), asked)
		}
		found, next = fill(page{limit: 2, until: time.Now().Add(pagePatience)}, func(page) ([]int, []byte) { return []int{1}, []byte{9} })
		if !slices.Equal(found, []int{1, 1}) || next != "09" {
			t.Errorf("%v, then %q", found, next)
		}
		found, next = fill(page{limit: 2, until: time.Now().Add(pagePatience)}, func(page) ([]int, []byte) { return nil, nil })
		if len(found) != 0 || next != "" {
			t.Errorf("%v, then %q", found, next)
		}
	})
}
