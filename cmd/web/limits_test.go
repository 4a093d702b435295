package web

import "testing"

// TestADoorLeavesMostOpenFilesToItsProgram however few there are.
func TestADoorLeavesMostOpenFilesToItsProgram(t *testing.T) {
	for files, want := range map[uint64]int{0: 1, 64: 8, 1024: 128, 20_000: MaxConns, 1 << 63: MaxConns} {
		if got := connsAtOnce(files, true); got != want {
			t.Errorf("%d files: %d connections", files, got)
		}
	}
	if got := connsAtOnce(0, false); got != MaxConns {
		t.Errorf("%d connections", got)
	}
	if none := (*Door)(nil); none.Conns() != 0 {
		t.Error("no door has connections")
	}
}
