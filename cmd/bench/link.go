package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

const linkLocates = 20_000 // of each counted run over a link

// overLink asks a relay with that registry over one kept link, one LOCATE after the other.
func overLink(ctx context.Context, registry *relay.Registry, names int) (s sample, err error) {
	listener, err := transport.TCP{}.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return s, err
	}
	serving, stop := context.WithCancel(ctx)
	sessions := roles.NewPool(func() *relay.Session { return relay.NewSession(registry) })
	server := transport.Server{
		Loop:     &transport.Loop{Start: time.Now()},
		Listener: listener, Limit: 1, Log: hclog.NewNullLogger(),
		New: sessions.Take, Free: sessions.Return,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(serving) }()
	defer func() {
		stop()
		if failed := <-served; err == nil {
			err = failed
		}
	}()
	w, err := dialWire(ctx, listener.Addr().String())
	if err != nil {
		return s, err
	}
	defer w.close()
	luck := uint64(1)
	begin := time.Now()
	for range linkLocates {
		luck = luck*6364136223846793005 + 1442695040888963407
		answer, err := w.ask(&protocol.Locate{Name: indexName(int(luck>>33) % names)})
		if err != nil {
			return s, err
		}
		if located, is := answer.(*protocol.Located); !is || len(located.Peers) != 1 {
			return s, fmt.Errorf("a name was not found")
		}
	}
	return sample{took: time.Since(begin)}, nil
}
