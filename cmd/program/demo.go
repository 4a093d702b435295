package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/disk/store"
	"github.com/relaypeer/relaypeer/transport/peer"
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
			if err := protocol.CheckName(d.name); d.name != "" && err != nil {
				return usage("--name: %q: %s", said(d.name), protocol.AsError(err).Text)
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
	content, err := d.phases(ctx, relayCtx, nodesCtx, top, shares)
	d.heading("Goodbye: each node tells the relay that it leaves")
	stopNodes()
	d.nodesRun.Wait()
	stopRelay()
	d.relayRuns.Wait()
	if err != nil {
		return err
	}
	d.heading(fmt.Sprintf("%s, %s, as its hash says:", said(d.name), bytesText(uint64(len(content)))))
	return errors.Join(d.print(content), d.wrong)
}

// phases runs all three and returns what was fetched.
func (d *demo) phases(ctx, relayCtx, nodesCtx context.Context, top string, shares []portion) ([]byte, error) {
	relayAt, err := d.startRelay(relayCtx)
	if err != nil {
		return nil, err
	}
	d.heading("Phase 1, register: each node tells the relay where it listens and what it has, and closes")
	for i, share := range shares {
		if err := d.startNode(nodesCtx, fmt.Sprintf("node %d", i+1), relayAt, share); err != nil {
			return nil, err
		}
		if d.settle(ctx); ctx.Err() != nil {
			return nil, &Failure{ExitInterrupted, "interrupted"}
		}
	}
	root, err := clientFolder(top)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	d.heading(fmt.Sprintf("Phases 2 and 3, locate and fetch: the client wants %q", said(d.name)))
	c := Client{Relay: relayAt.String(), Sources: len(shares), Log: d.log, Trace: d.teller("client")}
	_, failed := d.get(ctx, c, root, d.name, nil)
	d.settle(ctx)
	if failed != nil {
		return nil, failed
	}
	if d.files == "" {
		if failed := d.goOn(ctx, c, root); failed != nil {
			return nil, failed
		}
	}
	return root.ReadFile(d.name)
}

func clientFolder(top string) (*os.Root, error) {
	folder := filepath.Join(top, "client")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, err
	}
	return os.OpenRoot(folder)
}

// get fetches a file into the client's folder.
func (d *demo) get(ctx context.Context, c Client, root *os.Root, name string, watch func(roles.Outcome)) (client.Result, *Failure) {
	part, wish := store.NewPart(root, name), client.Request{Name: name}
	r := c.Fetch(ctx, wish, part, watch)
	failed := failure(c.Relay, wish, r)
	if err := part.Close(); err != nil && failed == nil {
		failed = diskFailure(err)
	}
	return r, failed
}

// goOn shows a fetch that is interrupted, and goes on from several nodes.
func (d *demo) goOn(ctx context.Context, c Client, root *os.Root) *Failure {
	d.heading(fmt.Sprintf("And a larger file, which every node has: %s, stopped in the middle", large.name))
	d.muted(true)
	defer d.muted(false)
	cut, stop := context.WithCancel(ctx)
	defer stop()
	groups := 0
	_, failed := d.get(cut, c, root, large.name, func(outcome roles.Outcome) {
		if _, is := outcome.(client.Had); is {
			if groups++; groups == large.size/protocol.GroupSize/3 {
				stop()
			}
		}
	})
	d.settle(ctx)
	if failed != nil && failed.Code != ExitInterrupted {
		return failed
	}
	d.say("client  had %s, each verified, when it was told to stop", count(groups, "group of 1 MiB", "groups of 1 MiB"))
	r, failed := d.get(ctx, c, root, large.name, nil)
	d.settle(ctx)
	if failed != nil {
		return failed
	}
	d.say("client  went on at %s of %s, and has it all: %s, from %s", bytesText(r.Kept), bytesText(r.Size), short(r.Hash), fromWhom(r.From))
	return nil
}

func (d *demo) startRelay(ctx context.Context) (netip.AddrPort, error) {
	listener, err := transport.TCP{}.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	at := listener.Addr()
	d.know(at, "relay")
	d.say("relay   listens at %s", at)
	r := peer.Relay{Log: d.log.Named("relay"), Trace: d.teller("relay")}
	d.relayRuns.Go(func() { d.went(r.Serve(ctx, listener)) })
	return at, nil
}

func (d *demo) startNode(ctx context.Context, name string, relayAt netip.AddrPort, p portion) error {
	log := d.log.Named(name)
	folder, err := share.Open(p.folder, share.Options{Log: log})
	if err != nil {
		return err
	}
	n := peer.Node{Relay: relayAt.String(), Listen: "127.0.0.1:0", Share: folder, Log: log, Trace: d.teller(name)}
	d.say("%-7s shares %s", name, p.describe())
	d.nodesRun.Go(func() { d.went(errors.Join(n.Run(ctx), folder.Close())) })
	listing, err := n.Ready(ctx)
	if err != nil {
		return err
	}
	d.know(listing.Listen, name)
	return nil
}

// went notes how a party's run went.
func (d *demo) went(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrong = errors.Join(d.wrong, err)
}

func (d *demo) print(content []byte) error {
	if rest, ok := printable(content); !ok || len(rest) > 0 {
		d.say("(not shown: it is not text)")
		return nil
	}
	_, err := d.out.Write(content)
	return err
}
