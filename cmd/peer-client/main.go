// Command peer-client is described in README.md and by peer-client --help.
package main

import (
	"os"

	"github.com/relaypeer/relaypeer/cmd/program"
)

func main() {
	os.Exit(program.Main(program.ClientCommand(os.Stdin, os.Stdout, os.Stderr)))
}
