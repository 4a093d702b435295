package program

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// sharing is a peer node that shares a folder.
type sharing struct {
	peer.Node
	folder string   // that it shares
	hidden bool     // whether names that start with a dot are shared
	index  string   // the file that keeps hashes; "": one in the user's cache; "-": none
	mirror []string // patterns of names that are fetched from others, and shared
}

// run shares until ctx is done. When the relay has listed the node, ready is called with the
// address that it listens on.
func (s *sharing) run(ctx context.Context, ready func(netip.AddrPort)) error {
	since := time.Now()
	folder, err := s.openFolder()
	if err != nil {
		return err
	}
	defer folder.Close()
	listener, err := transport.TCP{}.Listen(ctx, s.Listen)
	if err != nil {
		return err
	}
	s.Share, s.Listener = folder, listener
	s.Log.Info("sharing", "folder", s.folder, "on", listener.Addr())
	defer saysThatItStops(ctx, s.Log)()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside sync.WaitGroup
	var mirrored error
	beside.Go(func() { s.tellIndexed(ctx, folder, since) })
	beside.Go(func() {
		if _, err := s.Ready(ctx); err != nil {
			return
		}
		ready(listener.Addr())
		if len(s.mirror) > 0 {
			mirrored = s.newMirror(folder).run(ctx)
		}
	})
	err = s.Node.Run(ctx)
	cancel()
	beside.Wait()
	return errors.Join(err, mirrored)
}

// NodeCommand returns the peer-node program.
func NodeCommand(stdout, stderr io.Writer) *cobra.Command {
	var s sharing
	var id, advertise string
	command := newCommand("peer-node [flags] <relay-host> <relay-port>", "Share a folder and be listed at a relay",
		"peer-node registers at a relay, tells it what it shares, and serves the files of a folder to whoever asks. It prints\n"+
			"one line, \"ready <host>:<port>\", once the relay lists it; files are hashed in the background. A relay that is away\n"+
			"is tried again for ever.",
		arguments(2, 2), func(c *cobra.Command, args []string) (err error) {
			if s.Relay, err = parseRelay(args[0], args[1]); err != nil {
				return err
			}
			if s.ID, err = parseID(id); err != nil {
				return err
			}
			if s.Advertise, err = parseAdvertise(c.Context(), advertise); err != nil {
				return err
			}
			if _, port, err := net.SplitHostPort(s.Listen); err != nil {
				return usage("--listen: %q is not HOST:PORT", s.Listen)
			} else if _, err := parsePort(port, true); err != nil {
				return err
			}
			for _, pattern := range s.mirror {
				if err := protocol.CheckPattern(pattern); err != nil || pattern == "" {
					return usage("--mirror: %q is no pattern", said(pattern))
				}
			}
			if s.MaxLinks < 1 {
				return usage("--max-links is at least 1")
			}
			if s.Log, err = logger(c); err != nil {
				return err
			}
			return s.run(c.Context(), func(at netip.AddrPort) { fmt.Fprintf(c.OutOrStdout(), "ready %s\n", at) })
		})
	command.SetOut(stdout)
	command.SetErr(stderr)
	flags := command.Flags()
	flags.StringVar(&s.folder, "share", ".", "the folder whose files are shared, with its sub-folders")
	flags.BoolVar(&s.hidden, "hidden", false, "share files and folders whose names start with a dot, too")
	flags.StringVar(&s.index, "index", "",
		"the FILE that keeps what has been hashed between runs; - for none (default: one for the folder in the user's cache)")
	flags.BoolVar(&s.NoPublish, "no-publish", false,
		"do not tell the relay what is shared; it takes the node for one that may have anything")
	flags.StringArrayVar(&s.mirror, "mirror", nil,
		"fetch what others publish under names that match this PATTERN, and share it; may be given several times")
	flags.StringVar(&s.Listen, "listen", ":0", "HOST:PORT to serve on; port 0 picks a free one")
	flags.StringVar(&advertise, "advertise", "", "HOST[:PORT] to be listed at, where the relay allows it")
	flags.StringVar(&id, "id", "", "the node's id, 64 hex digits (default: drawn at each start)")
	flags.IntVar(&s.MaxLinks, "max-links", roles.MaxLinks, "connections at once")
	return command
}

// parseID reads the id of a node. None is the zero id.
func parseID(text string) (id protocol.NodeID, err error) {
	if text == "" {
		return id, nil
	}
	bytes, err := hex.DecodeString(text)
	if copy(id[:], bytes); err != nil || len(bytes) != len(id) || id == (protocol.NodeID{}) {
		return id, usage("--id: %d hex digits, not all zero, are a node id", 2*len(id))
	}
	return id, nil
}

// parseAdvertise reads HOST or HOST:PORT; a name is looked up now, for addresses are what relays
// hand out.
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
