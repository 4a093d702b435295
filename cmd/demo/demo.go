package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/disk/store"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// demo is what the flags ask for, and how it goes.
type demo struct {
	*tracePrinter
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
	shares, err := deal(top, d.files, d.nodes)
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
	d.heading(fmt.Sprintf("%s, %s, as its hash says:", cli.ForDisplay(d.name), cli.Bytes(uint64(len(content)))))
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
		if d.awaitClosed(ctx); ctx.Err() != nil {
			return nil, peer.ErrInterrupted
		}
	}
	root, err := clientFolder(top)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	d.heading(fmt.Sprintf("Phases 2 and 3, locate and fetch: the client wants %q", cli.ForDisplay(d.name)))
	c := &peer.Client{Relay: relayAt.String(), Sources: len(shares), Log: d.log, Trace: d.of("client")}
	if _, err := d.get(ctx, c, root, peer.Request{Name: d.name}); err != nil {
		return nil, err
	}
	if d.files == "" {
		if err := d.resume(ctx, c, root); err != nil {
			return nil, err
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

// get fetches a file into the client's folder, and waits until all links are closed or ctx is done.
func (d *demo) get(ctx context.Context, c *peer.Client, root *os.Root, request peer.Request) (peer.Result, error) {
	part := store.NewPart(root, request.Name)
	r := c.FetchInto(ctx, request, part)
	closed := part.Close()
	d.awaitClosed(ctx)
	switch err := r.Err(); {
	case errors.Is(err, peer.ErrInterrupted):
		return r, peer.ErrInterrupted
	case err != nil:
		return r, fmt.Errorf("%q: %w", cli.ForDisplay(request.Name), err)
	}
	return r, closed
}

// resume shows a fetch that is interrupted, and goes on from several nodes.
func (d *demo) resume(ctx context.Context, c *peer.Client, root *os.Root) error {
	d.heading(fmt.Sprintf("And a larger file, which every node has: %s, stopped in the middle", large.name))
	d.muted(true)
	defer d.muted(false)
	cut, stop := context.WithCancel(ctx)
	defer stop()
	groups := 0
	_, err := d.get(cut, c, root, peer.Request{Name: large.name, Report: func(outcome roles.Outcome) {
		if _, is := outcome.(client.Had); is {
			if groups++; groups == large.size/protocol.GroupSize/3 {
				stop()
			}
		}
	}})
	if err != nil && !errors.Is(err, peer.ErrInterrupted) {
		return err
	}
	d.awaitClosed(ctx)
	r, err := d.get(ctx, c, root, peer.Request{Name: large.name})
	if err != nil {
		return err
	}
	had := cli.Count(int(r.Kept/protocol.GroupSize), "group of 1 MiB", "groups of 1 MiB") // with those that were under way
	d.say("client  had %s, each verified, when it had stopped", had)
	var from []string
	for _, node := range r.From {
		from = append(from, node.String())
	}
	d.say("client  went on at %s of %s, and has it all: %s, from %s",
		cli.Bytes(r.Kept), cli.Bytes(r.Size), cli.ShortHash(r.Hash), cli.Few(from))
	return nil
}

func (d *demo) startRelay(ctx context.Context) (netip.AddrPort, error) {
	network := &transport.TLS{By: protocol.Relay}
	listener, err := network.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	at := listener.Addr()
	d.setName(at, "relay")
	d.say("relay   listens at %s", at)
	r := peer.Relay{Network: network, Log: d.log.Named("relay"), Trace: d.of("relay")}
	d.relayRuns.Go(func() { d.ended(r.Serve(ctx, listener)) })
	return at, nil
}

func (d *demo) startNode(ctx context.Context, name string, relayAt netip.AddrPort, p portion) error {
	log := d.log.Named(name)
	folder, err := share.Open(p.folder, share.Options{Log: log})
	if err != nil {
		return err
	}
	n := peer.Node{Relay: relayAt.String(), Listen: "127.0.0.1:0", Share: folder, Log: log, Trace: d.of(name)}
	d.say("%-7s shares %s", name, p.describe())
	d.nodesRun.Go(func() { d.ended(errors.Join(n.Run(ctx), folder.Close())) })
	listing, err := n.Ready(ctx)
	if err != nil {
		return err
	}
	d.setName(listing.Listen, name)
	return nil
}

// ended notes how a party's run ended.
func (d *demo) ended(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrong = errors.Join(d.wrong, err)
}

func (d *demo) print(content []byte) error {
	if rest, ok := cli.IsText(content); !ok || len(rest) > 0 {
		d.say("(not shown: it is not text)")
		return nil
	}
	_, err := d.out.Write(content)
	return err
}
