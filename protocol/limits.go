package protocol

import "time"

// What the protocol fixes: two implementations that differ here do not understand each other.
const (
	Magic      = "RP"          // the first two bytes of each frame
	Version    = 1             // the third
	HeaderSize = 2 + 1 + 1 + 4 // magic, version, kind, payload length (uint32, big-endian)

	NodeIDSize = 32      // bytes
	HashSize   = 32      // bytes of a BLAKE3 hash or chaining value
	GroupSize  = 1 << 20 // bytes of content that are verified as one; the last group of a file may be shorter
	CursorSize = 64      // bytes at most in a page cursor

	MaxFirst   = 4 << 10  // payload bytes of a request: what a stranger may make us hold
	MaxControl = 64 << 10 // payload bytes of a response that is not a list
	MaxList    = 1 << 20  // payload bytes of a list

	MaxName      = 1024      // bytes of a file name
	MaxComponent = 255       // bytes of one component of it
	MaxText      = 512       // bytes of the human line in an ERROR
	MaxPattern   = 1024      // bytes of a pattern in LIST
	MaxPage      = 1000      // peers in one LOCATED, items in one LISTED, changes in one PUBLISH
	MaxHolders   = 8         // named holders of one item in LISTED
	MaxGroups    = 8192      // groups that one OUTBOARD is for
	MaxRange     = 16 << 20  // raw bytes after one CONTENT: 16 groups
	MaxFile      = 1 << 62   // bytes of a file: what an offset may be
	MaxSequence  = 1<<63 - 1 // changes of one index

	maxDepth = 4  // maps and lists within each other: a message, its list, an item of that, and a list in it
	maxPairs = 32 // keys of one map
)

// What we chose: another implementation may choose otherwise and still be understood.
const (
	DefaultPage = 50 // peers in one LOCATED when the client does not say

	LeaseTTL    = 90 * time.Second // a silent node is unlisted after this
	RenewAfter  = LeaseTTL / 3     // the relay asks for a renewal after this
	RenewSpread = 10               // per cent that a node varies it by, so that renewals do not fall together

	RenewLeast = 1 * time.Second // what a node makes of a shorter renew-after
	PublishGap = 2 * time.Second // a node gathers the changes of its index for so long
	MaxDoubt   = 2               // renewals after which an index of before the registration is dropped, if no page came
	MaxResyncs = 256             // pages in one exchange after which the relay may hold no more than before

	DialTimeout    = 5 * time.Second  // from dialling to connected
	RequestTimeout = 10 * time.Second // from accepted to the first whole request
	ReplyTimeout   = 10 * time.Second // from a request sent to its response
	IdleTimeout    = 10 * time.Second // from a response to the next request or the end of stream
	CloseTimeout   = 2 * time.Second  // from half-close to the other side's end of stream
	HoldTimeout    = IdleTimeout / 2  // how long a client keeps a link to a node on which it asks nothing
	DialPatience   = 1 * time.Second  // after this a client with several sources dials the next node beside a silent one
	DiskTimeout    = 10 * time.Second // from asking the disk to its answer
	DeliverTimeout = 10 * time.Minute // from the last byte received to the file being in its place

	// While content moves, at least MinProgress bytes (or what is left) must pass in each ProgressTimeout: a
	// stalled peer and one that sends a byte a second are let go alike.
	ProgressTimeout = 16 * time.Second
	MinProgress     = 64 << 10

	RetryFirst = 1 * time.Second  // the first wait before a node tries an absent relay again
	RetryMost  = 60 * time.Second // doubling up to this
	BusyRetry  = 2 * time.Second  // the wait that a full server asks for

	MaxWait = 24 * time.Hour // what a peer's wish to be left alone is cut to

	DrainTimeout = 10 * time.Second // a program told to stop finishes what is running within this

	MaxLinks          = 16_384     // connections that a server holds at once
	MaxLeases         = 2_000_000  // leases a relay holds
	LastSeenKeep      = time.Hour  // how long a lapsed or departed node is remembered
	MaxLastSeen       = 65_536     // and how many
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
