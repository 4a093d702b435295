package protocol

// Reach is what a relay knows of whether a node can be reached at an address where it lists it. SPEC
// "Addresses".
type Reach uint8

// The values of Reach. A relay that proves no addresses, or lists one unproven, says none.
const (
	ReachDirect    Reach = 1 // the node has answered there
	ReachPending   Reach = 2 // that has not been found out yet
	ReachRefused   Reach = 3 // nothing listens there: nobody is sent there
	ReachTimeout   Reach = 4 // nothing answers there: nobody is sent there
	ReachWrongPeer Reach = 5 // another peer answers there, or no peer: nobody is sent there
	ReachQueued    Reach = 6 // that has not been found out yet, for others of its address come first: nobody is sent there until then
)

var reaches = [...]string{"unproven", "direct", "pending", "refused", "timeout", "wrong-peer", "queued"}

// Failed reports whether nobody is sent to the address: its proof has failed, or is put off.
func (r Reach) Failed() bool { return r >= ReachRefused }

// String returns the name of the value.
func (r Reach) String() string {
	if int(r) < len(reaches) {
		return reaches[r]
	}
	return "unknown"
}

// ReachOf returns what the failure of a dial says of an address.
func ReachOf(code Code) Reach {
	switch code {
	case 0:
		return ReachDirect
	case Refused, Lost:
		return ReachRefused
	case WrongPeer, NoTLS, NoPeer:
		return ReachWrongPeer
	}
	return ReachTimeout
}

// Reached is what a relay knows of the addresses at which it lists a node.
type Reached struct {
	Reach     Reach `cbor:"8,keyasint,omitempty"`
	AlsoReach Reach `cbor:"9,keyasint,omitempty"` // of the address of the other family
	// Await is 1 if clients come to the node through the relay as long as it has an AWAIT there.
	Await uint8 `cbor:"10,keyasint,omitempty"`
}

// String returns what is known of the first address, and of the other one if there is one.
func (r Reached) String() string {
	if r.AlsoReach == 0 {
		return r.Reach.String()
	}
	return r.Reach.String() + "," + r.AlsoReach.String()
}

func (r *Reached) check(kind string, host, also IP) *Error {
	switch {
	case r.Await > 1:
		return malformed("%s: await %d", kind, r.Await)
	case r.Reach > ReachQueued || r.AlsoReach > ReachQueued:
		return malformed("%s: reach %d and %d", kind, r.Reach, r.AlsoReach)
	case host == nil && r.Reach != 0 || also == nil && r.AlsoReach != 0:
		return malformed("%s: the reach of no address", kind)
	}
	return nil
}
