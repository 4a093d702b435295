// Command relay-server is described in README.md and by relay-server --help.
package main

import (
	"os"

	"github.com/relaypeer/relaypeer/cmd/program"
)

func main() {
	os.Exit(program.Main(program.RelayCommand(os.Stdout, os.Stderr)))
}
