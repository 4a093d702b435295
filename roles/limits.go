package roles

import "time"

// Our own choices: another implementation may choose other numbers and is still understood. The numbers that the
// protocol fixes are in package protocol.
const (
	DefaultPage = 50 // peers in one LOCATED, or items in one LISTED, when the client does not say

	LeaseTTL     = 90 * time.Second // a silent node is unlisted after this, or later where there are many leases
	RenewAfter   = LeaseTTL / 3     // the relay asks for a renewal after this, or after the same part of another TTL
	RenewSpread  = 10               // per cent that a node varies it by, so that renewals do not fall together
	AnnounceRate = 1000             // registrations and renewals a second at most, evenly spread: with more leases both times grow

	RenewLeast   = 1 * time.Second // a node takes a shorter renew-after for this
	PublishGap   = 2 * time.Second // for this long a node gathers the changes of its index
	PublishBurst = 8               // exchanges for new names that do not wait for that; one more in each PublishGap
	MaxDoubt     = 2               // renewals until an index from before the registration is dropped, if no page comes
	MaxResyncs   = 256             // pages in one exchange after which the relay may hold no more than before

	DialTimeout       = 5 * time.Second  // from dialing to connected
	HandshakeTimeout  = 5 * time.Second  // from connected to the end of the TLS handshake
	HandshakePatience = 2 * time.Second  // after this a handshake is dropped if another waits for its place
	HelloPatience     = time.Second / 4  // the same for one of which the initiator's first message has not come whole
	RequestTimeout    = 10 * time.Second // from accepted to the first whole request
	ReplyTimeout      = 10 * time.Second // to a response: from its request, or from the end of the response before if that is later
	IdleTimeout       = 10 * time.Second // from a response to the next request or the end of stream
	CloseTimeout      = 2 * time.Second  // from half-close to the other side's end of stream
	HoldTimeout       = IdleTimeout / 2  // for this long a client keeps an idle link to a node
	DialPatience      = 1 * time.Second  // after this a client with several sources dials another node beside a silent one
	GroupPatience     = 3 * time.Second  // after this a client asks others beside a node, or in its place, that brought no verified group; four times as long at each further visit
	FetchPatience     = 30 * time.Second // after this, of many files, one of which no group has come gives its turn to others that wait; four times as long at each further try
	OvertakePatience  = 3 * time.Second  // for this long an idle node waits for a link for many files that lacks what it has
	DiskTimeout       = 10 * time.Second // from a request to the disk to its answer
	CommitTimeout     = 10 * time.Minute // from the last byte received to the content being durable and in its place

	// While content moves, at least MinProgress bytes (or the rest) must pass in each
	// ProgressTimeout: a peer that sends a byte a second is dropped like a stalled one.
	ProgressTimeout = 16 * time.Second
	MinProgress     = 64 << 10

	RetryFirst = 1 * time.Second  // the first wait before a node tries an absent relay again
	RetryMost  = 60 * time.Second // doubling up to this
	BusyMost   = 16 * time.Second // the wait after busy doubles up to this where a node asks for less
	BusyRetry  = 2 * time.Second  // the wait that a full server asks for
	RateBurst  = 10 * time.Second // as much as a rate allows in this may come at once, after as long a rest

	SpareAfter = 1 * time.Minute // where links are scarce, one over which less than MinProgress has passed in each ProgressTimeout of this time is let go

	MaxWait = 24 * time.Hour // the longest wait that a peer can ask for

	AnswerPatience = 1 * time.Second // for this long a relay has a long answer untaken while others want its room

	ListPatience = 1 * time.Second  // for this long a relay has a LIST wait for room before it answers with a short page
	ListTurn     = ListPatience / 4 // after this it looks whether there is room

	ProbeTimeout  = 3 * time.Second   // for this long a relay dials a node to prove its address
	ProbePatience = 1 * time.Second   // for this long a REGISTER waits until its address can be proven; then its answer is `pending`
	ProbeRetry    = ProbePatience / 3 // after this a relay looks whether it can be
	ProbeSpan     = time.Minute       // in which MaxFailedProbes count
	ProveAgain    = 8                 // one of so many renewals has what could be reached proven again
	ProveAwaiting = 4                 // one of so many AWAITs has what could not be reached proven again: clients come through the relay meanwhile
	TurnPatience  = 6 * time.Second   // for this long since it was asked a node has a body wait for its turn before it answers busy
	TurnGrace     = 4 * time.Second   // this, and the time that its bytes take at TurnPace, a turn lasts at most: a slower one keeps nobody else from theirs
	TurnPace      = 64 << 10          // bytes a second

	AwaitMost       = 20 * time.Second // for this long an AWAIT waits at most: paths forget a link that is silent for longer
	AwaitLeast      = RenewLeast / 4   // an answer to an AWAIT that comes sooner is followed by the next AWAIT only after this, if AwaitBurst have come so before
	AwaitBurst      = 16
	AwaitGap        = 5 * time.Second        // for this long an invitation waits for the node's next AWAIT
	AwaitRetry      = 10 * time.Second       // up to this a node waits, evenly, before it makes a lost AWAIT link anew
	AwaitSoon       = 2 * time.Second        // the same if an AWAITED has come over that link: once in AwaitRetry
	JoinTimeout     = 5 * time.Second        // from OPENED to both ends of the circuit being there
	CircuitPatience = 300 * time.Millisecond // for this long a client tries the nodes that it can dial before one through the relay
	WayPatience     = time.Minute            // for this long since a circuit brought something a client asks for another one to the same node, whatever becomes of that
	CircuitIdle     = 60 * time.Second       // a circuit over which nothing passes for so long ends
	CircuitDrain    = DrainTimeout * 3 / 4   // for this long a circuit may come to its end when its relay stops
	CircuitKept     = 60 * time.Second       // for this long a relay knows why a circuit ended
	CircuitPiece    = 1 << 20                // bytes of a circuit that are counted at once, at most
	CircuitTurn     = 32 << 10               // bytes that a client passes in its turn where others wait for theirs

	DrainTimeout = 10 * time.Second // a program that is stopped finishes within this what is running

	HandshakeBytes       = 8 << 10 // bytes that are read before a TLS handshake is done: 2 KiB each way are usual
	MaxHandshakes        = 256     // TLS handshakes that a server has under way
	MaxHandshakesFrom    = 8       // of these those of one address, of IPv6 of one /64: the next ones wait for their turn
	MaxHandshakesWaiting = 1024    // connections that wait so: above that the oldest of the address that has most is dropped

	MaxLinks          = 16_384     // connections that a server holds at once
	MaxLinksFrom      = 1024       // of these, those of one address, of IPv6 of one /64, and a quarter at most; loopback has no such bound
	ScarceLinks       = 80         // per cent of the links of a server from which on each that comes costs one over which little has passed for long
	ScarceFiles       = 80         // per cent of the open files that the system allows: the rest is for those who are inside, and a link that would have one of them is refused
	MaxSparedFiles    = 2048       // and the rest is no more than this
	LinkRateFrom      = 500        // links a second that a server takes from one address, of IPv6 of one /64; loopback has no such bound
	RequestRate       = 500        // requests a second that a relay answers to one id, on all its links; further ones wait
	RequestRateFrom   = 4000       // the same of one address
	MaxRated          = 65_536     // ids, and as many addresses, whose rates are remembered
	MaxUploads        = 64         // bodies that a node has under way at once, each of at most MaxRange bytes
	MaxTurnsWaiting   = 1024       // bodies that wait for their turn: above that the one that came last of the peer that has most of them is refused
	LeastUploadRate   = 8 << 10    // bytes a second that a node must be able to send of each of these: twice MinProgress in ProgressTimeout
	MaxCircuits       = 64         // circuits of an open relay at once
	MaxCircuitsClosed = 256        // the same of a closed relay
	MaxCircuitsFrom   = 4          // of these, those of one client: its address, of IPv6 its /64, and its id in a closed relay
	CircuitBytesFrom  = 1 << 30    // bytes that these may pass in a day; in a closed relay any number
	MaxMissed         = 3          // invitations in a row that a node does not follow, before its AWAIT link is closed
	MaxAwaitsFrom     = 64         // AWAIT links of one address, of IPv6 of one /64
	MaxLeases         = 2_000_000  // leases a relay holds
	MaxProbes         = 64         // proofs of addresses that a relay has under way; of one address, of IPv6 of one /56, one; loopback has no such bound
	MaxFailedProbes   = 12         // proofs of one address that fail in ProbeSpan; then it is proven no more until that is over
	MaxProbed         = 65_536     // addresses whose proofs a relay remembers
	MaxLeasesFrom     = 32_768     // of these, those of nodes that have registered from one address, of IPv6 of one /64; loopback has no such bound
	LastSeenKeep      = time.Hour  // for this long a relay remembers a node that is no longer listed
	MaxLastSeen       = 65_536     // nodes that it remembers
	MaxEntries        = 1_000_000  // names that a relay keeps of one node
	MaxIndexFrom      = 10_000_000 // names that a relay keeps of all nodes that have registered from one address
	MaxIndex          = 20_000_000 // names that a relay keeps of all nodes
	MaxLists          = 32         // answers to LIST that a relay has on their way to all its peers
	ShortList         = 50         // items in a LISTED for which there is no room among these
	ShortListBytes    = 16 << 10   // bytes of these items, as a LISTED has them
	MaxLongPages      = 256        // the same for LOCATED of more than DefaultPage peers; others are short then
	MaxBusy           = 5          // times that a client asks for a page while the relay is busy
	MaxBusyVisits     = 16         // the same of a node, for a file
	MeanName          = 128        // bytes that names have on average at most: MaxEntries, MaxIndexFrom and MaxIndex bound these, too
	ManyGroups        = 8          // chunk groups from which on a file is fetched from several nodes at once
	NearWindow        = 32 << 20   // bytes that a client has under way from one node at most, unless the path is so long that more are needed
	MaxUnderway       = 64 << 20   // bytes that a client has under way for one file, from all nodes: if each has no more than a group, more
	MaxClosing        = 8          // links of one fetch that it has half-closed, beyond which no other node is dialed before one is closed
	MaxBeside         = 8          // links of one fetch where nodes bring nothing, if more than one is allowed and not so many anyway
	MaxPipelined      = 512        // small files requested ahead on one link
	MaxPipelinedBytes = 16 << 20   // bytes of these files
	MaxRequested      = 64 << 10   // bytes of these requests: a node that answers before it reads on must find room for them on the way
	PacedFiles        = 64         // small files, or the bytes of a group, that a link is to bring within GroupPatience if others wait
	MaxPipelines      = 8          // links for many small files that a client has at once, besides as many that it has half-closed
	MaxContents       = 2          // contents of one name that a client accepts from one node
	MaxDoubted        = 65         // groups sent last on a link that a node compares with their hash when its client calls one wrong
	MaxChecks         = 256        // stretches of files that wait to be compared
	CheckShare        = 10         // per cent of the time that a node compares at most
	HashingParts      = 4096       // parts of a file; a node that hashes while a client waits must do one in each ReplyTimeout
	MaxWalk           = 65_536     // nodes a client asks for one file before it gives up
	MaxPages          = 100_000    // pages a client asks a relay for, even if they are empty
	MaxEmptyPages     = 1_024      // pages without a node that is new to it that a client asks for, for one file
)
