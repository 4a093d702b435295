package main

import (
	"context"
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

const linkLocates = 20_000 // of each counted run over a link, at most

// overLink asks a relay with that registry so many times over one kept link, one LOCATE after the other.
func overLink(ctx context.Context, registry *relay.Registry, names, times int) (s sample, err error) {
	listener, err := transport.TCP{}.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return s, err
	}
	serving, stop := context.WithCancel(ctx)
	server := peer.Relay{Directory: registry, MaxLinks: 1}
	served := make(chan error, 1)
	go func() { served <- server.Serve(serving, listener) }()
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
	random := uint64(1)
	begin := time.Now()
	for range times {
		random = random*6364136223846793005 + 1442695040888963407
		answer, err := w.ask(&protocol.Locate{Name: indexName(int(random>>33) % names)})
		if err != nil {
			return s, err
		}
		if located, is := answer.(*protocol.Located); !is || len(located.Peers) != 1 {
			return s, fmt.Errorf("a name was not found")
		}
	}
	return sample{took: time.Since(begin)}, nil
}
