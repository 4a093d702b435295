package transport_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
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
		w := newWorld(t, network, 0)
		w.join(folder{"file": "content"})
		if r := w.fetch("file", nil); r.Outcome != client.DiskFailed || r.Text == "" {
			t.Errorf("%+v", r)
		}
		w.end()
	})
}

func TestALoopWithoutAShareRefusesEachFile(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		near, far := connect(t, network, "127.0.0.1:0")
		served := make(chan struct{})
		go func() {
			defer close(served)
			new(transport.Loop).Serve(context.Background(), nil, node.NewUpload(), far)
		}()
		answer := ask(t, near, &protocol.Get{Name: "file"})
		if refusal, is := answer.(*protocol.Error); !is || refusal.Code != protocol.Internal {
			t.Errorf("%+v", answer)
		}
		near.Close()
		<-served
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
