//go:build !linux

package cli

func inHugePages([]byte) {}

// bounded is true: without huge pages there is nothing to be gained.
func bounded() bool { return true }
