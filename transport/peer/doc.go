// Package peer is the library: a [Relay], a [Node] and a client, wired to a network and to where files come from and go.
//
// A relay keeps the list of the nodes that are active, and of the names that they publish. It serves whatever links a
// listener accepts:
//
//	listener, err := transport.TCP{}.Listen(ctx, ":4000")
//	...
//	relay := peer.Relay{Log: log}
//	err = relay.Serve(ctx, listener)
//
// A node serves a share, and keeps itself listed at a relay:
//
//	share := fsshare.New(assets, fsshare.Options{}) // assets may be an embed.FS; package disk/share has one for folders
//	defer share.Close()
//	node := peer.Node{Relay: "relay.example:4000", Share: share}
//	err := node.Run(ctx)
//
// [Node.Ready] tells from any goroutine where it is listed, or why it is not yet.
//
// Struct fields are the options, and their zero values work. Whatever waits ends with its context; a server that is told
// so to stop ends gracefully, within bounds, and returns nil. What went wrong is an error that errors.Is knows: one of
// [ErrNoRelay], [ErrDisplaced] and so on, and where the reason has a code, the [protocol.Code] as well. Logs go to an
// hclog.Logger, which may be nil: parts are named (membership, server, share, registry), links are told at the level
// debug, each transition of a machine at trace.
//
// Everything runs over any transport.Network: [transport.TCP], or [transport.NewMemory] within a process.
//
// What you owe it: a Share that is not closed while a node runs on it, and functions that return soon. In return nothing
// is left behind when a call has returned but what hangs in a disk.
package peer
