package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// What a node keeps of its files holds no pointers: a collection costs the same for a million of them
// as for a hundred. So garbage takes a part of what is kept while that is little, and no more than
// usualGarbage, or leastPercent, when it is much.
const (
	usualPercent = 50
	leastPercent = 3
	usualGarbage = 16 << 20
)

// boundGarbage bounds the garbage of the process, unless the user has.
func boundGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(usualPercent)
		afterCollection(usualPercent)
	}
}

// afterCollection has the bound fit what the next collection leaves, and so on.
func afterCollection(percent int) {
	runtime.AddCleanup(new([16]byte), func(before int) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		percent := garbagePercent(live[0].Value.Uint64())
		if percent != before {
			debug.SetGCPercent(percent)
		}
		afterCollection(percent)
	}, percent)
}

// garbagePercent returns how much garbage there may be beside what is kept.
func garbagePercent(live uint64) int {
	return int(max(leastPercent, min(usualPercent, 100*usualGarbage/max(1, live))))
}
