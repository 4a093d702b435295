package main

import "testing"

func TestGarbageIsBounded(t *testing.T) {
	for live, want := range map[uint64]int{0: 50, 1 << 20: 50, 32 << 20: 50, 64 << 20: 25, 160 << 20: 10, 1 << 40: 3} {
		if got := garbagePercent(live); got != want {
			t.Errorf("beside %d MiB: %d %%, not %d", live>>20, got, want)
		}
	}
}
