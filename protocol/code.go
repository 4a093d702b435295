package protocol

import "fmt"

// Code is the reason for a refusal or a failure. Codes below 256 are wire-stable: they travel in
// [Error] messages and never change their meaning. Codes from 256 on are observations of one side;
// they appear in its logs and reports and never travel. SPEC "Errors".
//
// A Code is an error, so that errors.Is finds it in an error that wraps it.
type Code uint16

// The codes that travel.
const (
	NotFound    Code = 1  // no such file is shared here
	Unexpected  Code = 2  // a message that this state does not allow
	Malformed   Code = 3  // not a frame, or not the CBOR that its kind asks for
	TooLarge    Code = 4  // a frame longer than its kind may be
	BadName     Code = 5  // a name that breaks the name rule
	BadHash     Code = 6  // content that does not match its hash
	BadVersion  Code = 7  // a protocol version that is not spoken here
	Busy        Code = 8  // full for the moment; try again after retry-after
	Limit       Code = 9  // a bound that waiting does not lift
	Denied      Code = 10 // not allowed by policy
	Draining    Code = 11 // stopping; ask another
	Changed     Code = 12 // the file is not the content that was asked for, or not any more
	Internal    Code = 13 // a failure of the sender's own
	Timeout     Code = 14 // the sender waited as long as its state allows
	UnknownKind Code = 15 // a message kind that is not spoken here
	NoLease     Code = 16 // no lease of this node and epoch: register again
	Superseded  Code = 17 // a newer epoch of this node id is known
	Resync      Code = 18 // the node's index is not held up to there: publish the whole again
	Indexing    Code = 19 // a file that may be that content waits to be hashed: ask again later
	TLSRequired Code = 20 // TLS is spoken here
	Unreachable Code = 21 // no way there: to the address, or through the relay to the node
	Quota       Code = 22 // a bound of circuits is used up; it refills after retry-after
	PeerGone    Code = 23 // the other end of the circuit has not come, or has broken
	Idle        Code = 24 // nothing has passed for as long as is allowed
)

// The codes that never travel.
const (
	Refused      Code = 256 + iota // nothing listens at the address
	Lost                           // the link broke or ended in the middle of something
	Disk                           // the local disk failed or is full
	Interrupted                    // the user asked to stop
	Variant                        // another content under the name than the one that is being fetched
	WrongPeer                      // another peer than the expected one answers at the address
	NoTLS                          // the peer speaks this protocol without TLS
	NoPeer                         // no peer of this protocol and version answers at the address
	RelayChanged                   // another relay than the known one answers at its address, or one in plain
	RelayUnknown                   // the relay is not known, and only a known one is asked
)

// CodeInfo is a row of the code table.
type CodeInfo struct {
	Code   Code
	Name   string
	Means  string
	Closes bool // the sender of an ERROR with it ends the link; otherwise the link serves further requests
}

// Codes is the code table, in the order of the numbers.
var Codes = []CodeInfo{
	{NotFound, "not-found", "no such file is shared here", false},
	{Unexpected, "unexpected", "a message that the state of the conversation does not allow", true},
	{Malformed, "malformed", "not a frame, or a payload that is not what its kind asks for", true},
	{TooLarge, "too-large", "a frame longer than its kind may be", true},
	{BadName, "bad-name", "a name that breaks the name rule", true},
	{BadHash, "bad-hash", "content that does not match its hash", true},
	{BadVersion, "version", "a protocol version that is not spoken here", true},
	{Busy, "busy", "full for the moment; try again after retry-after", true},
	{Limit, "limit", "over a bound that waiting does not lift", false},
	{Denied, "denied", "not allowed by policy", false},
	{Draining, "draining", "stopping; ask someone else", true},
	{Changed, "changed", "the file is not the content that was asked for, or not any more", false},
	{Internal, "internal", "a failure of the sender's own", false},
	{Timeout, "timeout", "the sender waited as long as its state allows", true},
	{UnknownKind, "unknown-kind", "a message kind that is not spoken here", true},
	{NoLease, "no-lease", "no lease of this node id and epoch: register again", false},
	{Superseded, "superseded", "a newer epoch of this node id is known", false},
	{Resync, "resync", "the index is not held up to there: publish the whole again", false},
	{Indexing, "indexing", "a file that may be that content waits to be hashed; ask again later", false},
	{TLSRequired, "tls-required", "TLS is spoken here", true},
	{Unreachable, "unreachable", "no way there: to the address, or through the relay to the node", false},
	{Quota, "quota", "a bound of circuits is used up; it refills after retry-after", false},
	{PeerGone, "peer-gone", "the other end of the circuit has not come, or has broken", true},
	{Idle, "idle", "nothing has passed for as long as is allowed", true},
	{Refused, "refused", "nothing listens at the address", true},
	{Lost, "lost", "the link broke, or ended in the middle of something", true},
	{Disk, "disk", "the local disk failed or is full", true},
	{Interrupted, "interrupted", "the user asked to stop", true},
	{Variant, "variant", "other content under this name than the one that is being fetched", false},
	{WrongPeer, "wrong-peer", "another peer than the expected one answers at the address", true},
	{NoTLS, "no-tls", "the peer speaks this protocol without TLS", true},
	{NoPeer, "no-peer", "no peer of this protocol and version answers at the address", true},
	{RelayChanged, "relay-changed", "another relay than the known one answers at its address, or one in plain", true},
	{RelayUnknown, "relay-unknown", "the relay is not known, and only a known one is asked", true},
}

// Info returns the table row of c. It reports false for a code that this version does not know.
func (c Code) Info() (CodeInfo, bool) {
	for i := range Codes {
		if Codes[i].Code == c {
			return Codes[i], true
		}
	}
	return CodeInfo{}, false
}

// String returns the name of c, or "code-N" for one that this version does not know.
func (c Code) String() string {
	if info, known := c.Info(); known {
		return info.Name
	}
	return fmt.Sprintf("code-%d", uint16(c))
}

// Error returns the name of c.
func (c Code) Error() string { return c.String() }

// Closes reports whether the sender of an ERROR with this code ends the link. It reports true for a
// code that this version does not know.
func (c Code) Closes() bool {
	info, known := c.Info()
	return !known || info.Closes
}

// Travels reports whether c may stand in an ERROR message.
func (c Code) Travels() bool { return c > 0 && c < 256 }

// Party is the role of a sender. It stands in each ERROR.
type Party uint8

// The parties.
const (
	Relay  Party = 1
	Node   Party = 2
	Client Party = 3
)

// String returns the name of p, or "party-N" for one that this version does not know.
func (p Party) String() string {
	switch p {
	case Relay:
		return "relay"
	case Node:
		return "node"
	case Client:
		return "client"
	}
	return fmt.Sprintf("party-%d", uint8(p))
}
