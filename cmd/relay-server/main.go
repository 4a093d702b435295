// Command relay-server is described in README.md and by relay-server --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/cmd/web/status"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/state"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func main() { os.Exit(cli.Main(cli.Choose(os.Args[1:], command(), subcommands()...))) }

// id is the subcommand that prints the relay's id.
func id() cli.Subcommand {
	return cli.ID("relay-server", "the id of the relay that has this state folder",
		func() (string, error) { return state.RelayKey, nil }, func(*cobra.Command) {})
}

func command() *cobra.Command {
	var r peer.Relay
	var host string
	var admit string
	var unproven bool
	var circuits circuitFlags
	var secured cli.Secured
	var shown web.Options
	command := cli.New("relay-server [flags] <port>", "Keep the list of active nodes, and tell it to clients",
		"relay-server listens on a TCP port (0 picks a free one), grants nodes leases, and answers clients with the nodes\n"+
			"that are active. It prints one line, \"ready <host>:<port>\", once it can be used.\n\n"+
			"relay-server id prints the relay's id. With --admit the relay is closed: relay-server invite, invites and revoke say\n"+
			"who may use it. Each has its --help.",
		cli.Arguments(1, 1), func(c *cobra.Command, args []string) error {
			door, err := open(c, &r, shown)
			if err != nil {
				return err
			}
			defer door.Close()
			return serve(c, &r, door, host, args[0], admit, unproven, &circuits, &secured)
		})
	flags := command.Flags()
	flags.StringVar(&host, "host", "", "listen on this address only (default: all interfaces)")
	flags.DurationVar(&r.Policy.TTL, "ttl", roles.LeaseTTL, "how long a silent node stays listed, or longer where there are many")
	flags.Float64Var(&r.Policy.AnnounceRate, "announce-rate", roles.AnnounceRate,
		"nodes that register or renew in a second at most, evenly spread: with more of them each renews more seldom")
	flags.IntVar(&r.Policy.MaxLeases, "max-leases", roles.MaxLeases, "nodes listed at once")
	flags.IntVar(&r.Policy.MaxLeasesFrom, "max-leases-from", roles.MaxLeasesFrom,
		"of these, those of nodes that have registered from one address, of IPv6 of one /64")
	flags.IntVar(&r.Policy.MaxEntries, "max-entries", roles.MaxEntries,
		"names kept of one node; one that publishes more counts as one that may have anything besides")
	flags.IntVar(&r.Policy.MaxIndex, "max-index", roles.MaxIndex, "names kept of all nodes")
	flags.IntVar(&r.Policy.MaxIndexFrom, "max-index-from", roles.MaxIndexFrom, "of these, those of all nodes that have registered from one address")
	flags.IntVar(&r.MaxLinks, "max-links", roles.MaxLinks, "connections at once")
	flags.IntVar(&r.MaxFrom, "max-links-from", roles.MaxLinksFrom, "of these, those of one address, of IPv6 of one /64, unless given a quarter at most; behind a proxy, as many as --max-links")
	flags.Float64Var(&r.LinkRate, "link-rate-from", roles.LinkRateFrom, "connections that are taken from one address in a second, after ten times as many at once")
	flags.Float64Var(&r.RequestRate, "request-rate", roles.RequestRate, "requests of one id that are answered in a second, after ten times as many at once; others wait")
	flags.Float64Var(&r.RequestRateFrom, "request-rate-from", roles.RequestRateFrom, "the same of one address")
	flags.BoolVar(&r.Policy.AllowAdvertise, "allow-advertise", false, "let nodes be listed at another address than the one they come from; with --admit they may in any case")
	flags.BoolVar(&unproven, "no-probe", false,
		"hand nodes out without finding out whether they can be reached: behind a proxy, where they all seem to come from its address")
	circuits.add(command)
	flags.StringVar(&admit, "admit", "",
		"serve those alone whom this `FILE` lists, a line \"ID NAME ROLE\" for each (node, client or both), and whom an invite\n"+
			"admits; SIGHUP has it read again (default: the relay is open)")
	secured.SecureFlags(command, "the relay's key, and for its next start how many nodes it had")
	shown.Flags(flags, status.RelayUsage)
	cli.LogFlags(command, "info")
	return command
}

// open opens the log, and the door of the status pages if there is to be one.
func open(c *cobra.Command, r *peer.Relay, shown web.Options) (door *web.Door, err error) {
	if r.Log, err = cli.Logger(c); err != nil {
		return nil, err
	}
	return web.Open(c.Context(), shown, r.Log.Named("http"))
}

// serve checks what was asked for, and serves until the program is told to stop.
func serve(c *cobra.Command, r *peer.Relay, door *web.Door, host, port, admit string, unproven bool, circuits *circuitFlags, secured *cli.Secured) (err error) {
	fixed, err := cli.ParsePort(port, true)
	if err != nil {
		return err
	}
	if r.Policy.TTL < 3*roles.RenewLeast || r.Policy.TTL > roles.MaxWait {
		return cli.Usage("--ttl: a lease lasts from %v to %v", 3*roles.RenewLeast, roles.MaxWait)
	}
	if err := sane(r); err != nil {
		return err
	}
	if r.Circuits, err = circuits.limits(admit != ""); err != nil {
		return err
	}
	if secured.Plain && r.Circuits != nil {
		return cli.Usage("--circuits: a relay makes circuits over TLS alone: in plain nobody has an id to which one could lead")
	}
	most, tell := cli.BoundLinks(r.MaxLinks, 1, door.Conns(), secured.Plain)
	r.MaxLinks, r.MaxFrom = most, cli.LinksFrom(c, r.MaxFrom)
	tell(r.Log)
	if err := secured.Open(r.Log); err != nil {
		return err
	}
	if admit != "" {
		if secured.Plain {
			return cli.Usage("--admit: a closed relay needs TLS: in plain nobody has an id by which he could be admitted")
		}
		if r.Admission, err = state.OpenAdmission(admit); err != nil {
			return unadmitted(admit, err)
		}
		defer r.Admission.Close()
		cli.OnHangUp(c.Context(), func() { reload(r) })
	}
	network, err := networkOf(r, secured)
	if err != nil {
		return err
	}
	if !unproven {
		r.Network = network
	}
	listener, err := network.Listen(c.Context(), net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	if over, is := network.(*transport.TLS); is {
		r.Log.Info("serving over TLS", "id", over.ID())
	}
	if fixed > 0 && secured.Folder() != nil { // one that is picked is another one at the next start
		defer remember(c.Context(), r, secured.Folder(), fixed)()
	}
	defer status.Beside(c.Context(), door, status.Relay(r, c.Version), r.Log)()
	fmt.Fprintf(c.OutOrStdout(), "ready %s\n", listener.Addr())
	defer cli.LogStopping(c.Context(), r.Log)()
	defer cli.ReturnMemory(c.Context())()
	return cli.Served(r.Serve(c.Context(), listener))
}

// sane returns the error of a bound that leaves nothing.
func sane(r *peer.Relay) error {
	if min(r.MaxLinks, r.MaxFrom, r.Policy.MaxLeases, r.Policy.MaxLeasesFrom, r.Policy.MaxEntries, r.Policy.MaxIndexFrom, r.Policy.MaxIndex) < 1 {
		return cli.Usage("--max-links, --max-links-from, --max-leases, --max-leases-from, --max-entries, --max-index-from and --max-index are at least 1")
	}
	if !(min(r.Policy.AnnounceRate, r.LinkRate, r.RequestRate, r.RequestRateFrom) > 0) {
		return cli.Usage("--announce-rate, --link-rate-from, --request-rate and --request-rate-from are above 0")
	}
	return nil
}

// unadmitted says what to do about files that are not there, or in use.
func unadmitted(admit string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist) && !isFolder(filepath.Dir(admit)):
		return fmt.Errorf("--admit: %w: make the folder first", err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--admit: %w: an empty file will do, and relay-server invite --admit %s makes one", err, admit)
	case errors.Is(err, disk.ErrLocked):
		return fmt.Errorf("--admit: %w: another relay serves with these files", err)
	}
	return fmt.Errorf("--admit: %w", err)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// reload reads again who is admitted.
func reload(r *peer.Relay) {
	if err := r.Admission.Reload(); err != nil {
		r.Log.Error("who is admitted cannot be read; what was read before counts", "why", err)
		return
	}
	r.Log.Info("who is admitted has been read again", "file", r.Admission.Path())
}

// networkOf returns the network over which a relay serves.
func networkOf(r *peer.Relay, secured *cli.Secured) (transport.Network, error) {
	if secured.Plain {
		return transport.TCP{}, nil
	}
	key, err := secured.Key(state.RelayKey)
	if err != nil {
		return nil, err
	}
	return &transport.TLS{Key: key, By: protocol.Relay, MaxUnproven: transport.Unproven(r.MaxLinks), LinkRate: r.LinkRate}, nil
}

// remember tells the relay how many nodes it had before, and keeps for the next start how many it has,
// until what it returns is called.
func remember(ctx context.Context, r *peer.Relay, folder *state.Folder, port uint16) (end func()) {
	before, err := readMark(folder, markName(port))
	switch {
	case err != nil:
		r.Log.Warn("what the last run has kept cannot be read", "why", err)
	case before.Nodes > 0:
		r.Log.Info("started again: clients are told that nodes may be missing, until as many are back", "nodes", before.Nodes, "last_run_until", before.Until)
	}
	r.Policy.Earlier = before.Nodes
	today, err := readPassed(folder, passedName(port))
	if err != nil {
		r.Log.Warn("what circuits have passed today cannot be read, and begins anew", "why", err)
	}
	r.Passed = today.Passed
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var keeping sync.WaitGroup
	keeping.Go(func() {
		keepMark(ctx, folder, port, r, func(err error) { r.Log.Warn("nothing can be kept for the next start", "why", err) })
	})
	return func() {
		cancel()
		keeping.Wait()
	}
}
