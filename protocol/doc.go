// Package protocol defines the messages that relay, node and client exchange, and their encoding.
//
// A fetch takes three connections. The names in capitals are message kinds:
//
//	node   → relay   REGISTER   I am this id, I listen on this port
//	relay  → node    REGISTERED you are listed at this address until then; renew before;
//	                            I hold nothing of your index
//	node   → relay   PUBLISH    these names have these contents
//	                            (or no such message: a node may keep its index to itself)
//	relay  → node    PUBLISHED  I hold your index up to here
//
//	client → relay   LOCATE     which nodes have this, or may have it?
//	relay  → client  LOCATED    these, holders first, in an order drawn for you;
//	                            ask again with the cursor for more
//
//	client → node    TREE       what is this name?
//	node   → client  HASHING    wait: I have hashed so much of it
//	                            (only if it isn't hashed yet, and every second or so)
//	node   → client  OUTBOARD   this size, this hash, and the part of its tree that verifies these groups
//	                            (or ERROR not-found, and the client tries another node)
//	client → node    GET        this content, from this offset, so many bytes at most
//	node   → client  CONTENT    this many raw bytes of it follow; the client verifies each chunk group
//	                            as it comes
//
// A chunk group, or group, is a stretch of [GroupSize] bytes of a file, the unit of verification.
// LIST asks a relay which names are shared; LISTED answers with their contents and holders. RENEW
// and LEAVE keep and end a registration. ERROR may take the place of any response; it names the
// refusing party and a [Code].
//
// The side that opened a connection half-closes it after its last response. The other side sees the
// end of stream and closes; then the first side closes too.
//
// Use [Append] to write a message and [Decode] to read one. A [Kind] has the limits and the
// direction of a message, a [Code] the meaning of a refusal. [CheckName] decides which names are
// allowed, [Match] which names a pattern matches. Package content has the tree whose root a [Hash]
// is. SPEC.md describes the protocol for another implementation.
//
// The package does no input or output, starts no goroutine, and reads no clock. It never panics on
// bytes from a peer, and never allocates by a length that a peer has only claimed.
package protocol
