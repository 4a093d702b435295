package protocol

import "fmt"

// Kind is the fourth byte of a frame, the type of its payload. A request is 0x01 to 0x7e, its
// response has the high bit set in addition, ERROR is 0xff.
type Kind uint8

// The kinds of this version. HASHING is no response: it precedes a response that takes long.
const (
	KindRegister Kind = 0x01
	KindRenew    Kind = 0x02
	KindLeave    Kind = 0x03
	KindPublish  Kind = 0x04
	KindLocate   Kind = 0x05
	KindList     Kind = 0x06
	KindGet      Kind = 0x07
	KindTree     Kind = 0x08
	KindEnter    Kind = 0x0a
	KindAwait    Kind = 0x0b
	KindCircuit  Kind = 0x0c
	KindJoin     Kind = 0x0d

	KindRegistered = KindRegister | response
	KindRenewed    = KindRenew | response
	KindLeft       = KindLeave | response
	KindPublished  = KindPublish | response
	KindLocated    = KindLocate | response
	KindListed     = KindList | response
	KindContent    = KindGet | response
	KindOutboard   = KindTree | response

	KindHashing Kind = 0x89
	KindEntered      = KindEnter | response
	KindAwaited      = KindAwait | response
	KindOpened       = KindCircuit | response
	KindJoined       = KindJoin | response

	KindError Kind = 0xff

	response Kind = 0x80
)

// KindInfo is a row of the kind table.
type KindInfo struct {
	Kind  Kind
	Name  string
	From  string // sender and receiver
	Limit int    // payload bytes at most
	Says  string // its meaning, in the sender's words

	new   func() Message
	shape []field // of the payload, in the order of the keys
}

// Kinds is the kind table, in the order of the numbers.
var Kinds = []KindInfo{
	{KindRegister, "REGISTER", "node to relay", MaxFirst, "list me, under this id and epoch, at this port", func() Message { return new(Register) }, shapeOf[Register]()},
	{KindRenew, "RENEW", "node to relay", MaxFirst, "I am still here", func() Message { return new(Renew) }, shapeOf[Renew]()},
	{KindLeave, "LEAVE", "node to relay", MaxFirst, "list me no longer", func() Message { return new(Leave) }, shapeOf[Leave]()},
	{KindPublish, "PUBLISH", "node to relay", MaxControl, "this has changed in what I share", func() Message { return new(Publish) }, shapeOf[Publish]()},
	{KindLocate, "LOCATE", "client to relay", MaxFirst, "which nodes are active, and may have this?", func() Message { return new(Locate) }, shapeOf[Locate]()},
	{KindList, "LIST", "client to relay", MaxFirst, "which names are shared?", func() Message { return new(List) }, shapeOf[List]()},
	{KindGet, "GET", "client to node", MaxFirst, "send this file from this offset", func() Message { return new(Get) }, shapeOf[Get]()},
	{KindTree, "TREE", "client to node", MaxFirst, "what is this file, and how is it verified?", func() Message { return new(Tree) }, shapeOf[Tree]()},
	{KindEnter, "ENTER", "client or node to relay", MaxFirst, "admit me: here is my invite's token and signature", func() Message { return new(Enter) }, shapeOf[Enter]()},
	{KindAwait, "AWAIT", "node to relay", MaxFirst, "I am still here; tell me who comes", func() Message { return new(Await) }, shapeOf[Await]()},
	{KindCircuit, "CIRCUIT", "client to relay", MaxFirst, "make a way to this node", func() Message { return new(Circuit) }, shapeOf[Circuit]()},
	{KindJoin, "JOIN", "node or client to relay", MaxFirst, "this connection is my end of the circuit", func() Message { return new(Join) }, shapeOf[Join]()},
	{KindRegistered, "REGISTERED", "relay to node", MaxControl, "you are listed at this address", func() Message { return new(Registered) }, shapeOf[Registered]()},
	{KindRenewed, "RENEWED", "relay to node", MaxControl, "you stay listed", func() Message { return new(Renewed) }, shapeOf[Renewed]()},
	{KindLeft, "LEFT", "relay to node", MaxControl, "this epoch of yours is not listed", func() Message { return new(Left) }, shapeOf[Left]()},
	{KindPublished, "PUBLISHED", "relay to node", MaxControl, "so much of your index is held", func() Message { return new(Published) }, shapeOf[Published]()},
	{KindLocated, "LOCATED", "relay to client", MaxList, "these nodes are active", func() Message { return new(Located) }, shapeOf[Located]()},
	{KindListed, "LISTED", "relay to client", MaxList, "these names are shared", func() Message { return new(Listed) }, shapeOf[Listed]()},
	{KindContent, "CONTENT", "node to client", MaxControl, "this many raw bytes of the file follow", func() Message { return new(Content) }, shapeOf[Content]()},
	{KindOutboard, "OUTBOARD", "node to client", MaxList, "this is the file, and its hash tree", func() Message { return new(Outboard) }, shapeOf[Outboard]()},
	{KindHashing, "HASHING", "node to client", MaxControl, "wait: the file is being hashed", func() Message { return new(Hashing) }, shapeOf[Hashing]()},
	{KindEntered, "ENTERED", "relay to client or node", MaxControl, "you are admitted, for good", func() Message { return new(Entered) }, shapeOf[Entered]()},
	{KindAwaited, "AWAITED", "relay to node", MaxControl, "you stay listed, and these are invited to you", func() Message { return new(Awaited) }, shapeOf[Awaited]()},
	{KindOpened, "OPENED", "relay to client", MaxControl, "the node is invited; join with this ticket", func() Message { return new(Opened) }, shapeOf[Opened]()},
	{KindJoined, "JOINED", "relay to node or client", MaxControl, "the other end is there: what follows is passed on", func() Message { return new(Joined) }, shapeOf[Joined]()},
	{KindError, "ERROR", "anyone", MaxFirst, "no, and why", func() Message { return new(Error) }, shapeOf[Error]()},
}

var kindRow = func() (rows [256]*KindInfo) {
	for i := range Kinds {
		rows[Kinds[i].Kind] = &Kinds[i]
	}
	return rows
}()

// Info returns the table row of k, or nil for a kind that this version does not know.
func (k Kind) Info() *KindInfo { return kindRow[k] }

// String returns the name of k in capitals, or "KIND-0xNN" for one that this version does not know.
func (k Kind) String() string {
	if info := k.Info(); info != nil {
		return info.Name
	}
	return fmt.Sprintf("KIND-0x%02x", uint8(k))
}

// IsRequest reports whether k is in the range of requests.
func (k Kind) IsRequest() bool { return k > 0 && k < 0x7f }
