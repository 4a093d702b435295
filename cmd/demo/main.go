// Command demo starts a relay, nodes with files dealt out to them, and a client, each over real TCP
// on loopback, and prints the three phases as they happen. It leaves nothing behind.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
)

func main() { os.Exit(cli.Main(command())) }

func command() *cobra.Command {
	var d demo
	command := cli.New("demo [flags]", "Show the three phases over real TCP on loopback",
		"demo starts a relay, nodes with files spread evenly over them, and a client that gets one of the files.\n"+
			"It prints who connects to whom, which message goes where, and how each connection closes.",
		cli.Arguments(0, 0), func(c *cobra.Command, _ []string) (err error) {
			if d.nodes < 1 || d.nodes > 100 {
				return cli.Usage("--nodes: 1 to 100")
			}
			if err := protocol.CheckName(d.name); d.name != "" && err != nil {
				return cli.Usage("--name: %q: %s", cli.ForDisplay(d.name), protocol.AsError(err).Text)
			}
			if d.log, err = cli.Logger(c); err != nil {
				return err
			}
			d.tracePrinter = newTracePrinter(c.OutOrStdout())
			return d.run(c.Context())
		})
	flags := command.Flags()
	flags.StringVar(&d.files, "files", "", "the folder whose files are spread over the nodes (default: a few texts)")
	flags.IntVar(&d.nodes, "nodes", 3, "how many nodes to start")
	flags.StringVar(&d.name, "name", "", "the file that the client gets (default: one that only the last node has)")
	cli.LogFlags(command, "error")
	return command
}
