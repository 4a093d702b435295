package protocol_test

import (
	"math"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Times outside of 1970 to 2242 are neither said nor set; those at the bounds are.
func TestTimesHaveBounds(t *testing.T) {
	last := time.Unix(protocol.MaxModified-1, 999_999_999)
	for _, test := range []struct {
		at   time.Time
		said bool
	}{
		{time.Time{}, false}, {time.Unix(-1, 999_999_999), false}, {time.Unix(0, 0), false}, {time.Unix(0, 1), true},
		{time.Date(2020, 2, 3, 4, 5, 6, 7, time.UTC), true}, {last, true}, {last.Add(1), false}, {time.Unix(math.MaxInt64/2, 0), false},
	} {
		for _, executable := range []bool{false, true} {
			a := protocol.AttributesOf(test.at, executable)
			if got, said := a.Time(); said != test.said || said && !got.Equal(test.at) || a.Executable != executable {
				t.Errorf("%v: %v, %t", test.at, got, said)
			}
			if !test.said && a.Modified != 0 {
				t.Errorf("%v is said as %d", test.at, a.Modified)
			}
		}
		if seconds := protocol.SecondsOf(test.at); seconds > 0 && (!test.said || seconds != uint64(test.at.Unix())) || seconds == 0 && test.at.Unix() > 0 && test.said {
			t.Errorf("%v is published as %d", test.at, seconds)
		}
	}
	for _, modified := range []uint64{protocol.MaxModified * 1e9, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		if _, said := (protocol.Attributes{Modified: modified}).Time(); said {
			t.Errorf("%d is set", modified)
		}
	}
	for _, seconds := range []uint64{0, protocol.MaxModified, math.MaxUint64} {
		if got := protocol.TimeOf(seconds); !got.IsZero() {
			t.Errorf("%d is listed as %v", seconds, got)
		}
	}
	if got := protocol.TimeOf(protocol.SecondsOf(last)); !got.Equal(last.Truncate(time.Second)) {
		t.Errorf("the last date is %v", got)
	}
	if got, said := (protocol.Attributes{Modified: protocol.MaxModified*1e9 - 1}).Time(); !said || !got.Equal(last) {
		t.Errorf("the last time is %v", got)
	}
}

func TestAPackedDateIsTheDate(t *testing.T) {
	for _, seconds := range []uint64{0, 1, 255, 256, 1_700_000_000, protocol.MaxModified - 1} {
		if got := protocol.PackDate(seconds).Seconds(); got != seconds {
			t.Errorf("%d is packed as %d", seconds, got)
		}
	}
}
