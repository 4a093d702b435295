// Command peer-node is described in README.md and by peer-node --help.
package main

import (
	"os"

	"github.com/relaypeer/relaypeer/cmd/program"
)

func main() {
	os.Exit(program.Main(program.NodeCommand(os.Stdout, os.Stderr)))
}
