// Package protocol is what relay, node and client may say to each other, and how it is written down.
//
// One whole fetch, three connections; the names in capitals are message kinds:
//
//	node   → relay   REGISTER   I am this id, I listen on this port
//	relay  → node    REGISTERED you are listed at this address until then; renew before
//
//	client → relay   LOCATE     which nodes are active?
//	relay  → client  LOCATED    these, in an order drawn for you; ask again with the cursor for more
//
//	client → node    GET        this name, from this offset
//	node   → client  CONTENT    this many raw bytes of it follow  (or ERROR not-found, and the client goes on)
//	client → node    GET        the same name, from the offset after those, of the same version
//	node   → client  CONTENT    no bytes follow: that was all of it
//
// Whoever opened the connection half-closes it after its last response; the other side sees the end of stream
// and closes; then the first one closes too. RENEW and LEAVE keep and end a registration. ERROR may stand in
// the place of any response and always says who refused, and with which [Code].
//
// Use [Append] to write a message and [Decode] to read one; a [Kind] says what limits and direction it has,
// a [Code] what a refusal means, [CheckName] which names are allowed. SPEC.md says the same for people who
// write another implementation.
//
// The package does no input or output, starts no goroutine, and reads no clock. It never panics on what a peer
// sent, and it never allocates by a length that a peer only claimed.
package protocol
