// Command peer-node is described in README.md and by peer-node --help.
package main

import (
	"os"
	"runtime/debug"

	"github.com/relaypeer/relaypeer/cmd/program"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // what a node keeps of 100,000 files is small; that much again as garbage need not be
	}
	os.Exit(program.Main(program.NodeCommand(os.Stdout, os.Stderr)))
}
