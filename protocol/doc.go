// Package protocol is what relay, node and client may say to each other, and how it is written down.
//
// One whole fetch, three connections; the names in capitals are message kinds:
//
//	node   → relay   REGISTER   I am this id, I listen on this port
//	relay  → node    REGISTERED you are listed at this address until then; renew before; I hold nothing of your index
//	node   → relay   PUBLISH    these names have these contents (or nothing of the kind: a node may keep its index to itself)
//	relay  → node    PUBLISHED  I hold your index up to here
//
//	client → relay   LOCATE     which nodes have this, or may have it?
//	relay  → client  LOCATED    these, holders first, in an order drawn for you; ask again with the cursor for more
//
//	client → node    TREE       what is this name?
//	node   → client  HASHING    wait: I have hashed so much of it  (only if it isn't hashed yet, and every second or so)
//	node   → client  OUTBOARD   this size, this hash, and the part of its tree that verifies these groups
//	                            (or ERROR not-found, and the client goes on)
//	client → node    GET        this content, from this offset, so many bytes at most
//	node   → client  CONTENT    this many raw bytes of it follow; the client verifies each group as it comes
//
// Another connection of a client to a relay: LIST asks which names there are, LISTED says them with their contents
// and holders.
//
// Whoever opened the connection half-closes it after its last response; the other side sees the end of stream
// and closes; then the first one closes too. RENEW and LEAVE keep and end a registration. ERROR may stand in
// the place of any response and always says who refused, and with which [Code].
//
// Use [Append] to write a message and [Decode] to read one; a [Kind] says what limits and direction it has,
// a [Code] what a refusal means, [CheckName] which names are allowed, [Match] which names a pattern stands for. Package
// content has the tree that a [Hash] is the root of. SPEC.md says the same for people who write another implementation.
//
// The package does no input or output, starts no goroutine, and reads no clock. It never panics on what a peer
// sent, and it never allocates by a length that a peer only claimed.
package protocol
