//go:build !linux

package cli

func inHugePages([]byte) {}

// mayGrow is false: without huge pages there is nothing to be gained.
func mayGrow() bool { return false }
