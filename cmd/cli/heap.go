package cli

import (
	"runtime/debug"
	"sync"
)

var growing sync.Mutex // one at a time restores what it found

// GrowHeap has the heap take so many bytes of address space at once, in huge pages where the system gives some
// to those who ask alone. Memory that the program does not come to use costs nothing. It is for a program that
// soon makes many small things: each small page that it touches first costs it as much as some of these, and
// on some virtual machines as a hundred. Where the user has bounded the address space it does nothing.
func GrowHeap(bytes int) {
	if !mayGrow() {
		return
	}
	growing.Lock()
	defer growing.Unlock()
	percent := debug.SetGCPercent(-1) // the next allocation would find the heap full
	inHugePages(make([]byte, bytes))
	debug.SetGCPercent(percent)
}
