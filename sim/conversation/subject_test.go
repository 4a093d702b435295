package conversation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// subject is what a conversation is held with.
type subject interface {
	address() string // where the tester connects to
	stop()           // tells it to end gracefully
	judge() error    // what came of it, at the end of the steps
	end()            // waits until it is gone
}

func (r *replay) start(here func(string) string) subject {
	switch of := r.only("subject"); of {
	case "relay":
		return r.startRelay(here)
	case "node":
		return r.startNode(here)
	case "client":
		return r.startClient()
	default:
		r.Fatalf("no such subject: %q", of)
		return nil
	}
}

// running is a subject that runs until it is stopped.
type running struct {
	at     string
	cancel context.CancelFunc
	over   chan struct{}
	err    error
	clean  func()
}

func (r *replay) background(at string, run func(ctx context.Context) error) *running {
	ctx, cancel := context.WithCancel(context.Background())
	s := &running{at: at, cancel: cancel, over: make(chan struct{}), clean: func() {}}
	go func() {
		defer close(s.over)
		s.err = run(ctx)
	}()
	return s
}

func (s *running) address() string { return s.at }
func (s *running) stop()           { s.cancel() }
func (s *running) judge() error {
	select {
	case <-s.over:
		return s.err
	default:
		return nil
	}
}

func (s *running) end() {
	s.cancel()
	<-s.over
	s.clean()
}

// nodeAddress is where a node listens in memory.
const nodeAddress = "192.0.2.50:40000"

func (r *replay) startRelay(here func(string) string) subject {
	listener, err := r.network.Listen(r.Context(), here("192.0.2.100:4000"))
	if err != nil {
		r.Fatal(err)
	}
	relay := &peer.Relay{}
	return r.background(listener.Addr().String(), func(ctx context.Context) error { return relay.Serve(ctx, listener) })
}

// startNode runs a node with the files of the header, "file: NAME SIZE", whose hashes are known
// from the start.
func (r *replay) startNode(here func(string) string) subject {
	files := fstest.MapFS{}
	for _, file := range r.of("file") {
		name, size, _ := strings.Cut(file, " ")
		n, err := strconv.Atoi(size)
		if err != nil {
			r.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: contentOf(0, n)}
	}
	share := fsshare.New(files, fsshare.Options{})
	for name := range files {
		f, refusal := share.Open(r.Context(), name, protocol.Hash{}, nil)
		if refusal != nil {
			r.Fatal(refusal)
		}
		f.Close()
	}
	listener, err := r.network.Listen(r.Context(), here(nodeAddress))
	if err != nil {
		r.Fatal(err)
	}
	at := listener.Addr()
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	}
	r.keepAddress("node", at)
	node := &peer.Node{Network: r.network, Relay: r.listeners["relay"].Addr().String(), Listener: listener, Share: share}
	s := r.background(at.String(), node.Run)
	s.clean = func() { share.Close() }
	return s
}

// asking is a client that carries out the header's "run".
type asking struct {
	*running
	want string
	got  string
}

func (r *replay) startClient() subject {
	c := &peer.Client{Network: r.network, Relay: r.listeners["relay"].Addr().String(), Sources: 1}
	s := &asking{want: r.only("result")}
	words := strings.Fields(r.only("run"))
	s.running = r.background("", func(ctx context.Context) error {
		s.got = s.carryOut(ctx, c, words[0], words[1:])
		return nil
	})
	return s
}

func (s *asking) judge() error {
	<-s.over
	if s.got != s.want {
		return fmt.Errorf("it came to %q, expected %q", s.got, s.want)
	}
	return nil
}

func (s *asking) carryOut(ctx context.Context, c *peer.Client, what string, args []string) string {
	switch what {
	case "fetch":
		return fetch(ctx, c, args)
	case "list":
		return list(ctx, c, args)
	default:
		return fmt.Sprintf("no such operation: %q", what)
	}
}

func fetch(ctx context.Context, c *peer.Client, args []string) string {
	request := peer.Request{Name: strings.TrimPrefix(args[0], "-")}
	if len(args) > 1 {
		request.Hash, _ = protocol.ParseHash(args[1])
	}
	var out bytes.Buffer
	err := c.Fetch(ctx, request, &out).Err()
	if !bytes.Equal(out.Bytes(), contentOf(0, out.Len())) {
		return "wrong bytes"
	}
	if err != nil {
		return word(err)
	}
	return fmt.Sprintf("fetched %d", out.Len())
}

func list(ctx context.Context, c *peer.Client, args []string) string {
	var names []string
	for offer, err := range c.List(ctx, strings.Join(args, " "), false) {
		if err != nil {
			return word(err)
		}
		names = append(names, fmt.Sprintf("%s %d", offer.Name, offer.Size))
	}
	return strings.Join(names, ", ")
}

// word is the outcome of a request that failed.
func word(err error) string {
	for _, known := range []struct {
		err  error
		word string
	}{
		{peer.ErrNotFound, "not-found"}, {peer.ErrUnsure, "unsure"}, {peer.ErrUndelivered, "undelivered"},
		{peer.ErrNoRelay, "no-relay"}, {peer.ErrBadName, "bad-name"},
	} {
		if errors.Is(err, known.err) {
			return known.word
		}
	}
	return err.Error()
}

// keepAddress keeps NAME.host and NAME.port, as messages carry them.
func (r *replay) keepAddress(name string, at netip.AddrPort) {
	r.kept[name+".host"] = []byte(protocol.IPOf(at.Addr()))
	r.kept[name+".port"] = uint64(at.Port())
}

// addrOf returns the address from which the peer sees us, or at which we see it.
func addrOf(link transport.Conn) netip.AddrPort {
	return netip.MustParseAddrPort(link.LocalAddr().String())
}
