package program

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// RelayCommand returns the relay-server program.
func RelayCommand(stdout, stderr io.Writer) *cobra.Command {
	var r peer.Relay
	var host string
	command := newCommand("relay-server [flags] <port>", "Keep the list of active nodes, and tell it to clients",
		"relay-server listens on a TCP port (0 picks a free one), grants nodes leases, and answers clients with the nodes\n"+
			"that are active. It prints one line, \"ready <host>:<port>\", once it can be used.",
		arguments(1, 1), func(c *cobra.Command, args []string) error {
			if _, err := parsePort(args[0], true); err != nil {
				return err
			}
			log, err := logger(c)
			if err != nil {
				return err
			}
			if r.Policy.TTL < 3*roles.RenewLeast || r.Policy.TTL > roles.MaxWait {
				return usage("--ttl: a lease lasts from %v to %v", 3*roles.RenewLeast, roles.MaxWait)
			}
			if r.MaxLinks < 1 || r.Policy.MaxLeases < 1 || r.Policy.MaxEntries < 1 || r.Policy.MaxIndex < 1 {
				return usage("--max-links, --max-leases, --max-entries and --max-index are at least 1")
			}
			listener, err := transport.TCP{}.Listen(c.Context(), net.JoinHostPort(host, args[0]))
			if err != nil {
				return err
			}
			r.Log = log
			fmt.Fprintf(c.OutOrStdout(), "ready %s\n", listener.Addr())
			defer saysThatItStops(c.Context(), log)()
			return r.Serve(c.Context(), listener)
		})
	command.SetOut(stdout)
	command.SetErr(stderr)
	flags := command.Flags()
	flags.StringVar(&host, "host", "", "listen on this address only (default: all interfaces)")
	flags.DurationVar(&r.Policy.TTL, "ttl", roles.LeaseTTL, "how long a silent node stays listed")
	flags.IntVar(&r.Policy.MaxLeases, "max-leases", roles.MaxLeases, "nodes listed at once")
	flags.IntVar(&r.Policy.MaxEntries, "max-entries", roles.MaxEntries,
		"names kept of one node; one that publishes more counts as one that may have anything")
	flags.IntVar(&r.Policy.MaxIndex, "max-index", roles.MaxIndex, "names kept of all nodes")
	flags.IntVar(&r.MaxLinks, "max-links", roles.MaxLinks, "connections at once")
	flags.BoolVar(&r.Policy.AllowAdvertise, "allow-advertise", false, "let nodes be listed at another address than the one they come from")
	return command
}

// saysThatItStops has the log say so once ctx is done. The returned function ends that.
func saysThatItStops(ctx context.Context, log hclog.Logger) func() bool {
	return context.AfterFunc(ctx, func() { log.Info("stopping; a second signal ends it at once") })
}
