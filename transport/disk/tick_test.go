package disk_test

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/transport/disk"
)

func TestAFileIsRacyUntilTheClockHasPassedItsChange(t *testing.T) {
	fine, coarse := time.Unix(1000, 1), time.Unix(1000, 0)
	for _, test := range []struct {
		changed time.Time
		age     time.Duration
		want    time.Duration
	}{
		{fine, 0, disk.Tick}, {fine, disk.Tick / 4, disk.Tick * 3 / 4}, {fine, disk.Tick, 0}, {fine, time.Hour, 0},
		{coarse, 0, disk.CoarseTick}, {coarse, disk.Tick, disk.CoarseTick - disk.Tick}, {coarse, disk.CoarseTick, 0},
		{fine, -time.Hour, disk.Tick}, // by a clock that is ahead of ours
	} {
		if got := disk.RacyFor(test.changed.UnixNano(), test.changed.Add(test.age)); got != test.want {
			t.Errorf("changed at %v, %v ago: to wait %v, not %v", test.changed, test.age, got, test.want)
		}
	}
}
