package cli

import (
	"runtime"
	"testing"
)

// A heap that has grown is free to be used.
func TestGrowHeapLeavesItFree(t *testing.T) {
	if !mayGrow() {
		t.Skip("the heap does not grow here")
	}
	const bytes = 64 << 20
	before := heap()
	GrowHeap(bytes)
	runtime.GC()
	after := heap()
	if grown := int64(after.HeapSys - before.HeapSys); grown < bytes/2 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	if used := int64(after.HeapInuse - before.HeapInuse); used > bytes/8 {
		t.Errorf("%d bytes of it are in use", used)
	}
}

func heap() (stats runtime.MemStats) {
	runtime.ReadMemStats(&stats)
	return stats
}
