package scenario

import "github.com/relaypeer/relaypeer/protocol"

// Lie is the way in which a node or a relay breaks the protocol: Honest, or one of NodeLies,
// RelayLies or Staged. "say KIND" answers every request with a message of that kind.
type Lie string

// Honest is a peer that keeps to the protocol.
const Honest Lie = ""

// NodeLies are the lies of nodes, without "say KIND" and [Staged]. A forger serves a content of its
// own, whole and under its own hash; with wrong-index a node publishes a content that it does not
// have; one that lingers says not-found and never ends its side of a link.
var NodeLies = []Lie{
	"not-found", "wrong-bytes", "late-wrong", "wrong-size", "wrong-offset", "wrong-hash", "wrong-tree", "no-tree", "fewer-groups",
	"forger", "wrong-index", "new-hash", "confess", "at-end", "early-end", "too-much", "hash-forever", "hash-stuck", "trickle", "lingers",
	"silent", "stall", "drip", "junk", "large", "version", "unknown",
}

// CircuitLies are the lies of nodes about circuits: one waits for clients and does not come, one uses its tickets twice,
// one ends the circuit as soon as it is there.
var CircuitLies = []Lie{"never-joins", "joins-twice", "joins-and-ends"}

// RelayLies are the lies of relays, without "say KIND", "later KIND", which starts with the second
// request of a node, and "publishing KIND", which answers PUBLISH.
var RelayLies = []Lie{
	"silent", "early-end", "junk", "large", "version", "ghosts", "pages", "denied", "no-lease", "superseded", "mute",
	"wrong-holders", "resync", "limit", "held", "other-names", "put-off", "publishing junk", "publishing end",
	"bad-entries", "endless",
}

// The stages of a circuit at which a relay starts to lie: to a node that waits for clients, to a client that asks for one,
// to either that joins it.
const (
	StageAwaiting = "awaiting"
	StageOpening  = "opening"
	StageJoining  = "joining"
)

// ActNoLease is the act of a relay that refuses an AWAIT for a lease that it grants.
const ActNoLease = "no-lease"

// ActAtOnce is the act of a relay that answers each AWAIT at once, though nobody has come.
const ActAtOnce = "at-once"

// Carried lists the lies "STAGE ACT" of a relay about circuits.
func Carried() (lies []Lie) {
	acts := []string{ActEnd, ActSilence, ActJunk}
	for _, stage := range []string{StageAwaiting, StageOpening, StageJoining} {
		for _, act := range acts {
			lies = append(lies, Lie(stage+" "+act))
		}
		for i := range protocol.Kinds {
			lies = append(lies, Lie(stage+" "+protocol.Kinds[i].Name))
		}
	}
	return append(lies, StageAwaiting+" "+ActNoLease, StageAwaiting+" "+ActAtOnce)
}

// The stages of a visit at which a staged liar starts to lie: in place of the content; within a
// stretch, after a wrong group; after a stretch with a wrong group.
const (
	StageAsking   = "asking"
	StageDoubting = "doubting"
	StageJudging  = "judging"
)

// The acts of a staged liar, besides a message of any kind.
const (
	ActEnd      = "end"      // it ends the stream
	ActSilence  = "silence"  // it says nothing
	ActProgress = "progress" // it claims to hash the file, and makes progress
	ActStuck    = "stuck"    // it claims to hash the file, without progress
	ActJunk     = "junk"     // it sends bytes that are not a message
)

// Staged lists the lies "STAGE ACT".
func Staged() (lies []Lie) {
	acts := []string{ActEnd, ActSilence, ActProgress, ActStuck, ActJunk}
	for _, stage := range []string{StageAsking, StageJudging} {
		for _, act := range acts {
			lies = append(lies, Lie(stage+" "+act))
		}
		for i := range protocol.Kinds {
			lies = append(lies, Lie(stage+" "+protocol.Kinds[i].Name))
		}
	}
	return append(lies, StageDoubting+" "+ActEnd, StageDoubting+" "+ActSilence)
}

// DeafLists is the attack of many strangers that ask a relay for lists, and take no byte of the
// answers.
const DeafLists = "deaf-lists"

// Steal is the attack of a stranger that tries to change the lease of another.
const Steal = "steal"

// Switch is the attack of a stranger that changes its id on one link: it has a lease of its own, and speaks in between
// as another.
const Switch = "switch-id"

// BadNames is the attack of a stranger that publishes a bad name among good ones.
const BadNames = "bad-names"

// DeafList is the attack of one stranger that asks for lists and takes none.
const DeafList = "deaf-list"

// The attacks of a stranger at a closed relay: with the ENTER of another link, with another's token and a
// signature of his own, with a token that there is not, with an invite that is used up.
const (
	EnterReplayed = "enter-replayed"
	EnterForged   = "enter-forged"
	EnterUnknown  = "enter-unknown"
	EnterSpent    = "enter-spent"
)

// The attacks of a stranger about circuits: with a ticket that there is not, with one that was given to somebody else, by
// two strangers; and with a request in plain, where TLS is spoken.
const (
	JoinUnknown = "join-unknown"
	JoinStolen  = "join-stolen"
	InPlain     = "in-plain"
)

// Awaiting lists the attacks of a stranger that waits for clients, and then says something else: "awaiting X", where X is the
// name of a kind of message, or of bytes that are not one, or one of these.
func Awaiting() (attacks []string) {
	for i := range protocol.Kinds {
		attacks = append(attacks, "awaiting "+protocol.Kinds[i].Name)
	}
	for _, name := range []string{"junk", "theirs", "stale", "again", "late", "crowd"} {
		attacks = append(attacks, "awaiting "+name)
	}
	return attacks
}

// Entering lists the attacks at a closed relay.
func Entering() []string { return []string{EnterReplayed, EnterForged, EnterUnknown, EnterSpent} }

// Attacks lists the ways in which a stranger breaks the protocol at a server. "first X" sends X at
// once, "second X" after an honest request; X is the name of a kind of message, or of bytes that
// are not a message. The other attacks are patterns of behavior.
func Attacks() []string {
	attacks := []string{"silence", "end", "half", "half-end", "drip", "no-reading", "hang-up", "flood", "old-cursor", "bad-name", "far-offset", "end-offset", "gap", DeafLists, "endless-index", Steal, Switch, BadNames, "crowd", "crowd-seen", DeafList}
	attacks = append(attacks, Entering()...)
	attacks = append(attacks, Awaiting()...)
	attacks = append(attacks, JoinUnknown, JoinStolen, InPlain)
	for _, when := range []string{"first", "second"} {
		for i := range protocol.Kinds {
			attacks = append(attacks, when+" "+protocol.Kinds[i].Name)
		}
		for _, name := range []string{"junk", "large", "version", "unknown", "badcbor"} {
			attacks = append(attacks, when+" "+name)
		}
	}
	return attacks
}
