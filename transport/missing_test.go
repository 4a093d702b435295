package transport_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

func TestALoopWithoutANetworkReachesNobody(t *testing.T) {
	fetch := client.NewFetch(client.Request{Relay: "relay:1", Name: "file"})
	if err := new(transport.Loop).Run(t.Context(), nil, fetch); err != nil {
		t.Error(err)
	}
	if r := fetch.Result(); r.Outcome != client.NoRelay || r.Code != protocol.Unreachable || r.Text == "" {
		t.Errorf("%+v", r)
	}
}

func TestALoopWithoutAStoreKeepsNothing(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, relay.Policy{}, 0)
		w.join(folder{"file": "content"})
		if r := w.fetch("file", nil); r.Outcome != client.DiskFailed || r.Text == "" {
			t.Errorf("%+v", r)
		}
		w.end()
	})
}

func TestALoopWithoutAShareRefusesEachFile(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, relay.Policy{}, 0)
		w.join(nil)
		r := w.fetch("file", &heap{})
		if r.Outcome != client.Undelivered && r.Outcome != client.Unsure || len(r.Tried) == 0 || r.Tried[0].Code != protocol.Internal {
			t.Errorf("%+v", r)
		}
		w.end()
	})
}

func TestRunSaysThatItsContextCutTheMachineOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		loop := transport.Loop{Network: transport.NewMemory()}
		if err := loop.Run(ctx, nil, client.NewFetch(client.Request{Relay: "relay:1", Name: "file"})); err != why {
			t.Error(err)
		}
		stop := make(chan struct{})
		close(stop)
		fetch := client.NewFetch(client.Request{Relay: "relay:1", Name: "file"})
		if err := loop.Run(t.Context(), stop, fetch); err != nil || fetch.Result().Outcome == client.Running {
			t.Errorf("%v: %+v", err, fetch.Result())
		}
	})
}
