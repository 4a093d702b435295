package protocol

import "fmt"

// Kind is the fourth byte of a frame: what the payload is. A request is 0x01 to 0x7e, its response the same
// with the high bit set, ERROR is 0xff.
type Kind uint8

// The kinds of this version. 0x04 (PUBLISH), 0x06 (LIST) and 0x08 (TREE) are kept for the index and the hash
// tree, and are unknown until then.
const (
	KindRegister Kind = 0x01
	KindRenew    Kind = 0x02
	KindLeave    Kind = 0x03
	KindLocate   Kind = 0x05
	KindGet      Kind = 0x07

	KindRegistered = KindRegister | response
	KindRenewed    = KindRenew | response
	KindLeft       = KindLeave | response
	KindLocated    = KindLocate | response
	KindContent    = KindGet | response

	KindError Kind = 0xff

	response Kind = 0x80
)

// KindInfo is a row of the kind table.
type KindInfo struct {
	Kind  Kind
	Name  string
	From  string // who sends it, to whom
	Limit int    // payload bytes at most
	Says  string

	new   func() Message
	shape []field // of the payload, in the order of the keys
}

// Kinds is the kind table, in the order of the numbers.
var Kinds = []KindInfo{
	{KindRegister, "REGISTER", "node to relay", MaxFirst, "list me, under this id and epoch, at this port", func() Message { return new(Register) }, shapeOf[Register]()},
	{KindRenew, "RENEW", "node to relay", MaxFirst, "I am still here", func() Message { return new(Renew) }, shapeOf[Renew]()},
	{KindLeave, "LEAVE", "node to relay", MaxFirst, "list me no longer", func() Message { return new(Leave) }, shapeOf[Leave]()},
	{KindLocate, "LOCATE", "client to relay", MaxFirst, "which nodes are active?", func() Message { return new(Locate) }, shapeOf[Locate]()},
	{KindGet, "GET", "client to node", MaxFirst, "send this file from this offset", func() Message { return new(Get) }, shapeOf[Get]()},
	{KindRegistered, "REGISTERED", "relay to node", MaxControl, "you are listed at this address", func() Message { return new(Registered) }, shapeOf[Registered]()},
	{KindRenewed, "RENEWED", "relay to node", MaxControl, "you stay listed", func() Message { return new(Renewed) }, shapeOf[Renewed]()},
	{KindLeft, "LEFT", "relay to node", MaxControl, "this epoch of yours is not listed", func() Message { return new(Left) }, shapeOf[Left]()},
	{KindLocated, "LOCATED", "relay to client", MaxList, "these nodes are active", func() Message { return new(Located) }, shapeOf[Located]()},
	{KindContent, "CONTENT", "node to client", MaxControl, "this many raw bytes of the file follow", func() Message { return new(Content) }, shapeOf[Content]()},
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
