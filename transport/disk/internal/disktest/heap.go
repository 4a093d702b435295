package disktest

import "runtime"

// Heap returns the bytes that are in use.
func Heap() int {
	runtime.GC()
	var is runtime.MemStats
	runtime.ReadMemStats(&is)
	return int(is.HeapAlloc)
}
