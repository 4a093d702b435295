package program

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// Node is a peer node over real sockets.
type Node struct {
	Relay     string   // host:port
	Listen    string   // host:port; port 0 picks one
	Folder    string   // what it shares
	Hidden    bool     // whether names that start with a dot are shared
	Index     string   // the file that keeps what has been hashed; "": the user's cache has one; "-": nothing keeps it
	Private   bool     // the relay is not told what is shared
	Mirror    []string // patterns of names that are fetched from others, and shared
	ID        protocol.NodeID
	Advertise netip.AddrPort // where to be listed; zero: where the relay sees it, at the port it listens on
	Links     int            // connections at once
	Log       hclog.Logger
	Trace     func(transport.Event)
	Ready     func(netip.AddrPort) // called once, after the first registration, with the address it listens on
}

// moment is what a node waits at most, before it registers, for its files to be hashed.
const moment = 500 * time.Millisecond

// Run registers and serves until ctx is done, and then leaves gracefully. An error says why it could not be
// used, or that another node took its id.
func (n Node) Run(ctx context.Context) error {
	var published *published
	if !n.Private {
		published = newPublished()
	}
	since := time.Now()
	share, err := n.openShare(published)
	if err != nil {
		return err
	}
	defer share.Close()
	listener, err := transport.TCP{}.Listen(ctx, n.Listen)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n.Log.Info("sharing", "folder", n.Folder, "on", listener.Addr())
	defer context.AfterFunc(ctx, func() { n.Log.Info("stopping; a second signal ends it at once") })()
	var serving sync.WaitGroup
	var served, mirrored error
	serving.Go(func() { served = n.serve(ctx, listener, share) })
	indexed := make(chan struct{})
	serving.Go(func() {
		defer close(indexed)
		n.awaitIndexed(ctx, share, published, since)
	})
	select { // a small share is published with the first registration
	case <-indexed:
	case <-time.After(moment):
	}
	listed := make(chan struct{})
	if len(n.Mirror) > 0 {
		serving.Go(func() {
			select {
			case <-listed:
				mirrored = n.mirror(share).run(ctx)
			case <-ctx.Done():
			}
		})
	}
	ousted := n.keepListed(ctx, listener.Addr(), published, func() { close(listed) })
	cancel()
	serving.Wait()
	return errors.Join(ousted, served, mirrored)
}

func (n Node) serve(ctx context.Context, listener transport.Listener, share *share.Folder) error {
	uploads := roles.NewPool(node.NewUpload)
	server := transport.Server{
		Loop:     &transport.Loop{Share: share, Start: time.Now(), Report: (&visits{log: n.Log}).served, Trace: traced(n.Log, n.Trace)},
		Listener: listener, Limit: n.Links, Log: n.Log,
		New: uploads.Take, Free: uploads.Return,
	}
	return server.Serve(ctx)
}

// keepListed runs the membership until the node is told to stop, and a goodbye is said or cannot be.
func (n Node) keepListed(ctx context.Context, listening netip.AddrPort, published *published, listed func()) (ousted error) {
	port, advertise := listening.Port(), protocol.IP(nil)
	if n.Advertise.IsValid() {
		advertise = protocol.IPOf(n.Advertise.Addr())
		if n.Advertise.Port() != 0 {
			port = n.Advertise.Port()
		}
	}
	ready := sync.OnceFunc(func() {
		listed()
		if n.Ready != nil {
			n.Ready(listening)
		}
	})
	config := node.Config{Relay: n.Relay, ID: n.ID, Epoch: uint64(time.Now().UnixMicro()), Port: port, Advertise: advertise}
	loop := transport.Loop{Network: transport.TCP{}, Start: time.Now(), Trace: traced(n.Log, n.Trace)}
	if published != nil {
		config.Catalog, loop.Notify = published.catalog, published.nudge
	}
	loop.Report = func(outcome roles.Outcome) {
		switch o := outcome.(type) {
		case node.Leased:
			n.Log.Info("listed", "relay", n.Relay, "at", o.At, "ttl", o.TTL)
			ready()
		case node.ExchangeFailed:
			why := protocol.Printable(o.Text, 200)
			if o.By == protocol.Node && o.Code == protocol.Unexpected { // by us or by one like us
				why = noRelayButNode
			}
			n.Log.Warn("relay", "code", o.Code, "by", o.By, "why", why, "again-in", o.Again.Round(time.Millisecond))
		case node.Displaced:
			n.Log.Error(o.Text)
			ousted = errors.New(o.Text)
		case node.Published:
			if o.Names > 0 { // before anything is hashed there is nothing to tell
				n.Log.Info("published", "relay", n.Relay, "names", o.Names)
			}
		case node.Left:
			n.Log.Info("left", "relay", n.Relay)
		}
	}
	// The goodbye is bounded by the machine's own deadlines, and by this for all cases.
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(roles.DrainTimeout, cancel) })()
	loop.Run(hard, ctx.Done(), node.NewMembership(config))
	return ousted
}

// NodeCommand returns the peer-node program.
func NodeCommand(stdout, stderr io.Writer) *cobra.Command {
	var n Node
	var id, advertise string
	command := newCommand("peer-node [flags] <relay-host> <relay-port>", "Share a folder and be listed at a relay",
		"peer-node registers at a relay, tells it what it shares, and serves the files of a folder to whoever asks. It prints\n"+
			"one line, \"ready <host>:<port>\", once the relay lists it; files are hashed in the background. A relay that is away\n"+
			"is tried again for ever.",
		arguments(2, 2), func(c *cobra.Command, args []string) (err error) {
			if n.Relay, err = parseRelay(args[0], args[1]); err != nil {
				return err
			}
			if n.ID, err = parseID(id); err != nil {
				return err
			}
			if n.Advertise, err = parseAdvertise(c.Context(), advertise); err != nil {
				return err
			}
			if _, port, err := net.SplitHostPort(n.Listen); err != nil {
				return usage("--listen: %q is not HOST:PORT", n.Listen)
			} else if _, err := parsePort(port, true); err != nil {
				return err
			}
			for _, pattern := range n.Mirror {
				if err := protocol.CheckPattern(pattern); err != nil || pattern == "" {
					return usage("--mirror: %q is no pattern", said(pattern))
				}
			}
			if n.Links < 1 {
				return usage("--max-links is at least 1")
			}
			if n.Log, err = logger(c); err != nil {
				return err
			}
			n.Ready = func(at netip.AddrPort) { fmt.Fprintf(c.OutOrStdout(), "ready %s\n", at) }
			return n.Run(c.Context())
		})
	command.SetOut(stdout)
	command.SetErr(stderr)
	flags := command.Flags()
	flags.StringVar(&n.Folder, "share", ".", "the folder whose files are shared, with its sub-folders")
	flags.BoolVar(&n.Hidden, "hidden", false, "share files and folders whose names start with a dot, too")
	flags.StringVar(&n.Index, "index", "",
		"the FILE that keeps what has been hashed between runs; - for none (default: one for the folder in the user's cache)")
	flags.BoolVar(&n.Private, "no-publish", false,
		"do not tell the relay what is shared; it takes the node for one that may have anything")
	flags.StringArrayVar(&n.Mirror, "mirror", nil,
		"fetch what others publish under names that match this PATTERN, and share it; may be given several times")
	flags.StringVar(&n.Listen, "listen", ":0", "HOST:PORT to serve on; port 0 picks a free one")
	flags.StringVar(&advertise, "advertise", "", "HOST[:PORT] to be listed at, where the relay allows it")
	flags.StringVar(&id, "id", "", "the node's id, 64 hex digits (default: drawn at each start)")
	flags.IntVar(&n.Links, "max-links", roles.MaxLinks, "connections at once")
	return command
}

func parseID(text string) (id protocol.NodeID, err error) {
	if text == "" {
		rand.Read(id[:])
		return id, nil
	}
	bytes, err := hex.DecodeString(text)
	if copy(id[:], bytes); err != nil || len(bytes) != len(id) || id == (protocol.NodeID{}) {
		return id, usage("--id: %d hex digits, not all zero, are a node id", 2*len(id))
	}
	return id, nil
}

// parseAdvertise reads HOST or HOST:PORT; a name is looked up now, for addresses are what relays hand out.
func parseAdvertise(ctx context.Context, text string) (netip.AddrPort, error) {
	if text == "" {
		return netip.AddrPort{}, nil
	}
	host, port := text, uint16(0)
	if h, p, err := net.SplitHostPort(text); err == nil {
		if port, err = parsePort(p, false); err != nil {
			return netip.AddrPort{}, err
		}
		host = h
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return netip.AddrPort{}, usage("--advertise: %q is not an address, and no name that can be looked up", host)
	}
	return netip.AddrPortFrom(found[0].Unmap(), port), nil
}
