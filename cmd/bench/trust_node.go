package main

import (
	"context"
	"io"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// secureNode is the least that a node can be: it registers, and lets itself be reached.
type secureNode struct {
	network *transport.TLS
	port    uint16
	epoch   uint64
	stop    func()
}

func newSecureNode(ctx context.Context) (*secureNode, error) {
	network := &transport.TLS{}
	listener, err := network.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	served := serveEach(listener.Accept, func(conn transport.Conn) { io.Copy(io.Discard, conn) })
	return &secureNode{network: network, port: listener.Addr().Port(), stop: func() {
		listener.Close()
		served()
	}}, nil
}

// register registers anew, and returns whether the relay has reached the node.
func (n *secureNode) register(ctx context.Context, at string) (protocol.Reach, error) {
	n.epoch++
	answer, err := n.ask(ctx, at, &protocol.Register{ID: n.network.ID(), Epoch: n.epoch, Port: n.port})
	if granted, is := answer.(*protocol.Registered); is {
		return granted.Reach, nil
	}
	return 0, err
}

// renew renews the lease, and returns whether the relay has reached the node.
func (n *secureNode) renew(ctx context.Context, at string) (protocol.Reach, error) {
	answer, err := n.ask(ctx, at, &protocol.Renew{ID: n.network.ID(), Epoch: n.epoch})
	if renewed, is := answer.(*protocol.Renewed); is {
		return renewed.Reach, nil
	}
	return 0, err
}

func (n *secureNode) ask(ctx context.Context, at string, m protocol.Message) (protocol.Message, error) {
	w, err := secureWire(ctx, n.network, at)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return w.ask(m)
}
