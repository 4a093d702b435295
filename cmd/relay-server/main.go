// Command relay-server is described in README.md and by relay-server --help.
package main

import (
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func main() { os.Exit(cli.Main(command())) }

func command() *cobra.Command {
	var r peer.Relay
	var host string
	command := cli.New("relay-server [flags] <port>", "Keep the list of active nodes, and tell it to clients",
		"relay-server listens on a TCP port (0 picks a free one), grants nodes leases, and answers clients with the nodes\n"+
			"that are active. It prints one line, \"ready <host>:<port>\", once it can be used.",
		cli.Arguments(1, 1), func(c *cobra.Command, args []string) error { return serve(c, &r, host, args[0]) })
	flags := command.Flags()
	flags.StringVar(&host, "host", "", "listen on this address only (default: all interfaces)")
	flags.DurationVar(&r.Policy.TTL, "ttl", roles.LeaseTTL, "how long a silent node stays listed")
	flags.IntVar(&r.Policy.MaxLeases, "max-leases", roles.MaxLeases, "nodes listed at once")
	flags.IntVar(&r.Policy.MaxEntries, "max-entries", roles.MaxEntries,
		"names kept of one node; one that publishes more counts as one that may have anything besides")
	flags.IntVar(&r.Policy.MaxIndex, "max-index", roles.MaxIndex, "names kept of all nodes")
	flags.IntVar(&r.MaxLinks, "max-links", roles.MaxLinks, "connections at once")
	flags.BoolVar(&r.Policy.AllowAdvertise, "allow-advertise", false, "let nodes be listed at another address than the one they come from")
	cli.LogFlags(command, "info")
	return command
}

// serve checks what was asked for, and serves until the program is told to stop.
func serve(c *cobra.Command, r *peer.Relay, host, port string) (err error) {
	if _, err := cli.ParsePort(port, true); err != nil {
		return err
	}
	if r.Log, err = cli.Logger(c); err != nil {
		return err
	}
	if r.Policy.TTL < 3*roles.RenewLeast || r.Policy.TTL > roles.MaxWait {
		return cli.Usage("--ttl: a lease lasts from %v to %v", 3*roles.RenewLeast, roles.MaxWait)
	}
	if r.MaxLinks < 1 || r.Policy.MaxLeases < 1 || r.Policy.MaxEntries < 1 || r.Policy.MaxIndex < 1 {
		return cli.Usage("--max-links, --max-leases, --max-entries and --max-index are at least 1")
	}
	r.MaxLinks = cli.BoundLinks(r.Log, r.MaxLinks, 1)
	listener, err := transport.TCP{}.Listen(c.Context(), net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "ready %s\n", listener.Addr())
	defer cli.LogStopping(c.Context(), r.Log)()
	return cli.Served(r.Serve(c.Context(), listener))
}
