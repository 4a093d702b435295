package program

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

// Relay is a relay server over real sockets.
type Relay struct {
	Listen string // host:port; port 0 picks one
	Policy relay.Policy
	Links  int // connections at once
	Log    hclog.Logger
	Trace  func(transport.Event)
	Ready  func(netip.AddrPort) // called once when it can be used
}

// Run serves until ctx is done, and then comes to a graceful end. An error says why it could not be used.
func (r Relay) Run(ctx context.Context) error {
	listener, err := transport.TCP{}.Listen(ctx, r.Listen)
	if err != nil {
		return err
	}
	directory := logged{relay.NewRegistry(r.Policy), r.Log}
	sessions := roles.NewPool(func() *relay.Session { return relay.NewSession(directory) })
	server := transport.Server{
		Loop:     &transport.Loop{Start: time.Now(), Trace: traced(r.Log, r.Trace)},
		Listener: listener, Limit: r.Links, Log: r.Log,
		New: sessions.Take, Free: sessions.Return,
	}
	if r.Ready != nil {
		r.Ready(listener.Addr())
	}
	defer context.AfterFunc(ctx, func() { r.Log.Info("stopping; a second signal ends it at once") })()
	return server.Serve(ctx)
}

// RelayCommand returns the relay-server program.
func RelayCommand(stdout, stderr io.Writer) *cobra.Command {
	var r Relay
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
			if r.Links < 1 || r.Policy.MaxLeases < 1 || r.Policy.MaxEntries < 1 || r.Policy.MaxIndex < 1 {
				return usage("--max-links, --max-leases, --max-entries and --max-index are at least 1")
			}
			r.Listen, r.Log = net.JoinHostPort(host, args[0]), log
			r.Ready = func(at netip.AddrPort) { fmt.Fprintf(c.OutOrStdout(), "ready %s\n", at) }
			return r.Run(c.Context())
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
	flags.IntVar(&r.Links, "max-links", roles.MaxLinks, "connections at once")
	flags.BoolVar(&r.Policy.AllowAdvertise, "allow-advertise", false, "let nodes be listed at another address than the one they come from")
	return command
}

// logged is a directory that tells the log who comes and goes.
type logged struct {
	relay.Directory
	log hclog.Logger
}

func (d logged) Register(at roles.Moment, from netip.Addr, m *protocol.Register) protocol.Message {
	answer := d.Directory.Register(at, from, m)
	switch answer := answer.(type) {
	case *protocol.Registered:
		d.log.Info("node listed", "at", netip.AddrPortFrom(answer.Host.Addr(), answer.Port), "epoch", m.Epoch)
	case *protocol.Error:
		d.log.Warn("node refused", "from", from, "code", answer.Code, "why", answer.Text)
	}
	return answer
}

func (d logged) Renew(at roles.Moment, m *protocol.Renew) protocol.Message {
	answer := d.Directory.Renew(at, m)
	if refusal, is := answer.(*protocol.Error); is {
		d.log.Info("renewal refused", "epoch", m.Epoch, "code", refusal.Code)
	}
	return answer
}

func (d logged) Leave(at roles.Moment, m *protocol.Leave) protocol.Message {
	d.log.Info("node left", "epoch", m.Epoch)
	return d.Directory.Leave(at, m)
}

func (d logged) Publish(at roles.Moment, m *protocol.Publish) protocol.Message {
	answer := d.Directory.Publish(at, m)
	switch answer := answer.(type) {
	case *protocol.Published:
		d.log.Debug("index page", "names", len(m.Changes), "up-to", m.To, "of", m.Latest)
	case *protocol.Error:
		if answer.Code == protocol.Resync { // nothing went wrong: the node begins from the start
			d.log.Debug("index page refused", "code", answer.Code)
		} else {
			d.log.Warn("index refused", "epoch", m.Epoch, "code", answer.Code, "why", answer.Text)
		}
	}
	return answer
}
