// Command peer-client is described in README.md and by peer-client --help.
package main

import (
	"os"
	"runtime/debug"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

func main() {
	program := newCommand(os.Stdin, os.Stdout, os.Stderr)
	chosen := cli.Choose(os.Args[1:], program, subcommands()...)
	if chosen == program { // and not what serves: a player waits for its first byte
		cli.MoveMuch()
		if os.Getenv("GOGC") == "" {
			debug.SetGCPercent(200) // a client keeps little, and not for long
		}
	}
	os.Exit(cli.Main(chosen))
}
