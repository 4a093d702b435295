package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// DemoCommand returns the demo program.
func DemoCommand(stdout, stderr io.Writer) *cobra.Command {
	d := demo{Narrator: NewNarrator(stdout)}
	command := newCommand("demo [flags]", "Show the three phases over real TCP on loopback",
		"demo starts a relay, nodes with files spread evenly over them, and a client that gets one of the files.\n"+
			"It prints who connects to whom, which message goes where, and how each connection closes.",
		arguments(0, 0), func(c *cobra.Command, _ []string) (err error) {
			if d.nodes < 1 || d.nodes > 100 {
				return usage("--nodes: 1 to 100")
			}
			if d.name != "" && protocol.CheckName(d.name) != nil {
				return usage("--name: %q: %s", said(d.name), protocol.CheckName(d.name).Text)
			}
			if d.log, err = logger(c); err != nil {
				return err
			}
			return d.run(c.Context())
		})
	command.SetOut(stdout)
	command.SetErr(stderr)
	flags := command.Flags()
	flags.Lookup("log-level").DefValue = "warn"
	flags.Set("log-level", "warn")
	flags.Lookup("log-level").Changed = false
	flags.StringVar(&d.files, "files", "", "the folder whose files are spread over the nodes (default: a few texts)")
	flags.IntVar(&d.nodes, "nodes", 3, "how many nodes to start")
	flags.StringVar(&d.name, "name", "", "the file that the client gets (default: one that only the last node has)")
	return command
}

type demo struct {
	*Narrator
	files, name string
	nodes       int
	log         hclog.Logger

	relayRuns, nodesRun sync.WaitGroup

	mu    sync.Mutex
	wrong error
}

func (d *demo) run(ctx context.Context) error {
	top, err := os.MkdirTemp("", "relaypeer-demo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(top)
	shares, err := spread(top, d.files, d.nodes)
	if err != nil {
		return err
	}
	if d.name == "" {
		if d.name, err = lastName(shares); err != nil {
			return err
		}
	}
	// The relay outlives the nodes, and they outlive an interrupt, so that all can say goodbye.
	relayCtx, stopRelay := context.WithCancel(context.WithoutCancel(ctx))
	nodesCtx, stopNodes := context.WithCancel(relayCtx)
	content, err := d.phases(ctx, relayCtx, nodesCtx, shares)
	d.heading("Goodbye: each node tells the relay that it leaves")
	stopNodes()
	d.nodesRun.Wait()
	stopRelay()
	d.relayRuns.Wait()
	if err != nil {
		return err
	}
	d.heading(fmt.Sprintf("%s, %d bytes:", said(d.name), content.Size()))
	return errors.Join(d.print(content), content.Discard(), d.wrong)
}

// phases runs all three and returns what was fetched.
func (d *demo) phases(ctx, relayCtx, nodesCtx context.Context, shares []share) (*disk.Spool, error) {
	relayAt, err := d.startRelay(relayCtx)
	if err != nil {
		return nil, err
	}
	d.heading("Phase 1, register: each node tells the relay where it listens, and closes")
	for i, share := range shares {
		if err := d.startNode(nodesCtx, fmt.Sprintf("node %d", i+1), relayAt, share); err != nil {
			return nil, err
		}
		if d.settle(ctx); ctx.Err() != nil {
			return nil, &Failure{ExitInterrupted, "interrupted"}
		}
	}
	d.heading(fmt.Sprintf("Phases 2 and 3, locate and fetch: the client wants %q", said(d.name)))
	spool, err := disk.Temporary()
	if err != nil {
		return nil, err
	}
	client := Client{Relay: relayAt.String(), Log: d.log, Errors: io.Discard, Trace: d.teller("client")}
	failed := failure(client.Relay, client.Fetch(ctx, d.name, spool))
	d.settle(ctx)
	if failed != nil {
		spool.Discard()
		return nil, failed
	}
	return spool, nil
}

func (d *demo) startRelay(ctx context.Context) (netip.AddrPort, error) {
	ready := make(chan netip.AddrPort, 1)
	r := Relay{Listen: "127.0.0.1:0", Links: protocol.MaxLinks, Log: d.log.Named("relay"), Trace: d.teller("relay"),
		Ready: func(at netip.AddrPort) { ready <- at }}
	stopped := make(chan error, 1)
	d.relayRuns.Go(func() { stopped <- r.Run(ctx) })
	select {
	case at := <-ready:
		d.know(at, "relay")
		d.say("relay   listens at %s", at)
		return at, nil
	case err := <-stopped:
		return netip.AddrPort{}, errors.Join(err, ctx.Err())
	}
}

func (d *demo) startNode(ctx context.Context, name string, relayAt netip.AddrPort, s share) error {
	ready := make(chan netip.AddrPort, 1)
	id, err := parseID("")
	if err != nil {
		return err
	}
	n := Node{Relay: relayAt.String(), Listen: "127.0.0.1:0", Folder: s.folder, ID: id, Links: protocol.MaxLinks,
		Log: d.log.Named(name), Trace: d.teller(name), Ready: func(at netip.AddrPort) { ready <- at }}
	d.say("%-7s shares %s", name, s.describe())
	stopped := make(chan error, 1)
	d.nodesRun.Go(func() {
		err := n.Run(ctx)
		d.mu.Lock()
		d.wrong = errors.Join(d.wrong, err)
		d.mu.Unlock()
		stopped <- err
	})
	select {
	case at := <-ready:
		d.know(at, name)
		return nil
	case err := <-stopped:
		return errors.Join(err, ctx.Err())
	}
}

func (d *demo) print(content *disk.Spool) error {
	reader, err := content.Reader()
	if err != nil {
		return err
	}
	if err := checkPrintable(reader); err != nil {
		d.say("(not shown: it is not text)")
		return nil
	}
	if reader, err = content.Reader(); err != nil {
		return err
	}
	_, err = io.Copy(d.out, reader)
	return err
}
