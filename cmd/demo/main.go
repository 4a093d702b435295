// Command demo starts a relay, nodes with files spread evenly over them, and a client, each over real TCP on
// loopback, and prints the three phases as they happen. It leaves nothing behind.
package main

import (
	"os"

	"github.com/relaypeer/relaypeer/cmd/program"
)

func main() {
	os.Exit(program.Main(program.DemoCommand(os.Stdout, os.Stderr)))
}
