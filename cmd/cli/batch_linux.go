package cli

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// moveMuch looks at the threads until it finds none to change: one that has the old policy may have begun another.
func moveMuch() {
	for changed := true; changed; {
		changed = false
		for _, thread := range threads() {
			is, err := unix.SchedGetAttr(thread, 0)
			if err != nil || is.Policy != unix.SCHED_NORMAL {
				continue
			}
			is.Policy = unix.SCHED_BATCH
			changed = unix.SchedSetAttr(thread, is, 0) == nil || changed
		}
	}
}

// threads returns the ids of this process's threads.
func threads() (ids []int) {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return []int{0} // the calling one, whose children are like it
	}
	for _, entry := range entries {
		if id, err := strconv.Atoi(entry.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
