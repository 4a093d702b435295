// Package peer is the library: a [Relay], a [Node] and a [Client], wired to a network and to files.
//
// A relay keeps the list of the nodes that are active, and of the names that they publish. It
// serves the links that a listener accepts:
//
//	network := &transport.TLS{Key: key} // an ed25519.PrivateKey that is kept
//	listener, err := network.Listen(ctx, ":4000")
//	...
//	relay := peer.Relay{Network: network, Log: log} // over which it finds out whether nodes can be reached
//	err = relay.Serve(ctx, listener)
//
// A node serves a share, and keeps itself listed at a relay:
//
//	share := fsshare.New(assets, fsshare.Options{}) // an embed.FS, say
//	defer share.Close()
//	node := peer.Node{Relay: "relay.example:4000", Share: share}
//	err := node.Run(ctx)
//
// [Node.Ready] returns, in any goroutine, where the node is listed, or why it is not yet. [Node.Overview],
// [Node.Uploads], [Node.RecentUploads] and [Node.Unshared] return as values what its owner may want to see. Package
// disk/share has shares of folders, package fsshare those of any fs.FS.
//
// A client fetches files, or opens them and reads them at any place:
//
//	client := peer.Client{Relay: "relay.example:4000"}
//	err := client.Fetch(ctx, peer.Request{Name: "hello.txt"}, os.Stdout).Err()
//	file, err := client.Open(ctx, peer.Request{Name: "film.mkv"})
//	files, err := client.FS(ctx) // for http.FileServerFS, fs.WalkDir and the like
//
// An open [File] reads ahead while it is read in order; [File.Expect] says how far that goes. A [Cache] in Client.Cache has
// groups that need not be fetched again: package disk/groups has one in a folder. [Client.Snapshot] returns all published
// names as they are at one moment, with folders and what is in them.
//
// Struct fields are the options, and their zero values work. Each wait ends with its context; a
// server whose context is done ends gracefully, within bounds, and returns nil. errors.Is knows
// the errors: [ErrNoRelay], [ErrDisplaced] and the others, and the [protocol.Code] where one is the
// reason. Logs go to an hclog.Logger, which may be nil. Its parts are named (membership, server,
// share, registry); the level debug shows what happens on links, and trace each transition of a
// machine.
//
// What a relay does can be looked at while it serves: [Relay.Overview], and in pages [Relay.Nodes], [Relay.Files] and
// [Relay.FileHolders], which hold nobody up for long, whatever it has. [Meters] count messages, bytes, refusals and the
// states of machines, of a relay as of a node, and keep the last hour.
//
// Everything runs over any transport.Network. Without one, nodes and clients speak over transport.TLS with
// a new key. All links of a relay, and of its nodes, prove ids (transport.TLS) or none does
// (transport.TCP, or transport.NewMemory within one process). [Trust] says which relay a node or a client
// takes for its own: without more the one that answers first.
//
// What you owe it: a Share that stays open while a node runs on it, functions that return soon, and
// a Close for each file that is opened.
// In return nothing is left behind when a call has returned, except for what hangs in a disk.
package peer
