package roles

import "time"

// What this implementation chose: another one may choose otherwise and still be understood. What the protocol fixes is
// in package protocol.
const (
	DefaultPage = 50 // peers in one LOCATED, or items in one LISTED, when the client does not say

	LeaseTTL    = 90 * time.Second // a silent node is unlisted after this
	RenewAfter  = LeaseTTL / 3     // the relay asks for a renewal after this, or after the same part of another TTL
	RenewSpread = 10               // per cent that a node varies it by, so that renewals do not fall together
	RenewLeast  = 1 * time.Second  // what a node makes of a shorter wish to be renewed

	PublishGap = 2 * time.Second // a node gathers the changes of its index for so long
	MaxDoubt   = 2               // renewals after which an index of before the registration is dropped, if no page came
	MaxResyncs = 256             // pages in one exchange after which the relay may hold no more than before

	DialTimeout    = 5 * time.Second  // from dialing to connected
	RequestTimeout = 10 * time.Second // from accepted to the first whole request
	ReplyTimeout   = 10 * time.Second // to a response, from its request or from the end of the response before, if that is later
	IdleTimeout    = 10 * time.Second // from a response to the next request or the end of stream
	CloseTimeout   = 2 * time.Second  // from half-close to the other side's end of stream
	HoldTimeout    = IdleTimeout / 2  // how long a client keeps a link to a node on which it asks nothing
	DialPatience   = 1 * time.Second  // after this a client with several sources dials the next node beside a silent one
	DiskTimeout    = 10 * time.Second // from asking the disk to its answer

	// While content moves, at least MinProgress bytes (or what is left) must pass in each ProgressTimeout: a
	// stalled peer and one that sends a byte a second are let go alike.
	ProgressTimeout = 16 * time.Second
	MinProgress     = 64 << 10

	RetryFirst = 1 * time.Second  // the first wait before a node tries an absent relay again
	RetryMost  = 60 * time.Second // doubling up to this
	BusyRetry  = 2 * time.Second  // the wait that a full server asks for
	MaxWait    = 24 * time.Hour   // what a peer's wish to be left alone is cut to

	DrainTimeout = 10 * time.Second // a program that is stopped finishes what is running within this

	MaxLinks          = 16_384     // connections that a server holds at once
	MaxLeases         = 2_000_000  // leases a relay holds
	LastSeenKeep      = time.Hour  // how long a relay knows the epoch of a node that has lapsed or left
	MaxLastSeen       = 65_536     // of how many such nodes at most
	MaxEntries        = 1_000_000  // names that a relay keeps of one node
	MaxIndex          = 20_000_000 // and of all
	ManyGroups        = 8          // groups of a file from which on several nodes are asked for it at once
	MaxPipelined      = 64         // small files asked for ahead on one link
	MaxPipelinedBytes = 16 << 20   // and their bytes
	MaxContents       = 2          // contents under one name that a client believes one node to have had
	HashingParts      = 4096       // a node that hashes while a client waits must do one of so many parts in each ReplyTimeout
	MaxWalk           = 1_000_000  // peers a client asks for one file before it gives up
	MaxPages          = 100_000    // pages it asks a relay for, should they come empty
)
