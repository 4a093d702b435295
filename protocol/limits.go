package protocol

// The numbers of the protocol: implementations that differ here do not understand each other.
const (
	Magic      = "RP"          // the first two bytes of each frame
	Version    = 1             // the third
	HeaderSize = 2 + 1 + 1 + 4 // magic, version, kind, payload length (uint32, big-endian)

	PeerIDSize = 32      // bytes
	HashSize   = 32      // bytes of a BLAKE3 hash or chaining value
	GroupSize  = 1 << 20 // bytes of a chunk group, the unit of verification; a file's last may be shorter
	CursorSize = 64      // bytes at most in a page cursor

	TokenIDSize   = 5    // bytes of a token's id
	SecretSize    = 16   // bytes of an invite's secret
	SignatureSize = 64   // bytes of an Ed25519 signature
	ExporterSize  = 32   // bytes that are the same at both ends of a TLS link, and on no other link
	TicketSize    = 16   // bytes of a circuit's ticket
	MaxInvite     = 1024 // characters of an invite
	MaxAddresses  = 8    // of a relay, in an invite

	MaxFirst   = 4 << 10  // payload bytes of a request, which may come from a stranger
	MaxControl = 64 << 10 // payload bytes of a response that is not a list
	MaxList    = 1 << 20  // payload bytes of a list

	MaxName        = 1024      // bytes of a file name
	MaxComponent   = 255       // bytes of one component of it
	MaxText        = 512       // bytes of the human line in an ERROR
	MaxPattern     = 1024      // bytes of a pattern in LIST
	MaxPage        = 1000      // peers in one LOCATED, items in one LISTED, changes in one PUBLISH
	MaxHolders     = 8         // named holders of one item in LISTED
	MaxSilent      = 8         // named nodes that publish nothing in LISTED
	MaxInvitations = 16        // invitations in one AWAITED
	MaxGroups      = 8192      // groups that one OUTBOARD is for
	MaxRange       = 16 << 20  // raw bytes after one CONTENT: 16 groups
	MaxFile        = 1 << 62   // bytes of a file, and the largest offset
	MaxSequence    = 1<<63 - 1 // changes of one index
	MaxModified    = 1 << 33   // seconds from 1970 to the modification times that are ignored: those from the year 2242 on

	maxDepth = 4  // maps and lists within each other: a message, its list, an item of that, and a list in it
	maxPairs = 32 // keys of one map
)
