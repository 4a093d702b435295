package main

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// wholeFetch has the real machines talk to each other, and writes down every byte.
func wholeFetch() string {
	const nodePort = 40123
	host := netip.MustParseAddr("192.0.2.7")
	registry := relay.NewRegistry(relay.Policy{})
	stage := &stage{
		file: []byte("hello\n"),
		accept: func(to string) (roles.Machine, netip.AddrPort) {
			if to == "relay.example:4000" {
				return relay.NewSession(registry, &relay.Answers{}), netip.AddrPortFrom(host, 50001)
			}
			return node.NewUpload(), netip.MustParseAddrPort("198.51.100.2:50002")
		},
	}
	stage.hash = content.ChainingValue(0, stage.file, true)
	catalog := node.NewCatalog(exampleIndex)
	catalog.Set("hello.txt", uint64(len(stage.file)), stage.hash)
	catalog.Extend(roles.ExtentWhole)
	stage.play("node", node.NewMembership(node.Config{
		Relay: "relay.example:4000", ID: exampleID(), Epoch: exampleEpoch, Port: nodePort, Catalog: catalog,
	}))
	stage.play("client", client.NewFetch(client.Request{Relay: "relay.example:4000", Name: "hello.txt"}))
	return stage.out.String()
}

func exampleID() (id protocol.PeerID) {
	for i := range id {
		id[i] = byte(i)
	}
	return id
}
