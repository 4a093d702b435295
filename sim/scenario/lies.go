package scenario

import "github.com/relaypeer/relaypeer/protocol"

// Lie is how a node or relay that does not keep to the protocol behaves: Honest, or one of NodeLies or RelayLies.
// "say KIND" answers every request with a message of that kind.
type Lie string

// Honest is no lie.
const Honest Lie = ""

// NodeLies are the ways of a lying node, apart from the say ones and from the [Staged]. A forger serves a content of its own, whole and under
// its own hash; with wrong-index a node publishes what it has not.
var NodeLies = []Lie{
	"not-found", "wrong-bytes", "late-wrong", "wrong-size", "wrong-offset", "wrong-hash", "wrong-tree", "no-tree", "fewer-groups",
	"forger", "wrong-index", "new-hash", "confess", "at-end", "early-end", "too-much", "hash-forever", "hash-stuck",
	"silent", "stall", "drip", "junk", "large", "version", "unknown",
}

// RelayLies are the ways of a lying relay, apart from the say ones and from "later KIND", which begins with the
// second request of a node, and "publishing KIND", which answers what is published.
var RelayLies = []Lie{
	"silent", "early-end", "junk", "large", "version", "ghosts", "pages", "denied", "no-lease", "superseded", "mute",
	"wrong-holders", "resync", "limit", "held", "other-names", "publishing junk",
}

// The stages of a visit at which a staged liar begins to lie: instead of content; in the midst of a stretch with a wrong
// group; and after a stretch with a wrong group.
const (
	StageAsking   = "asking"
	StageDoubting = "doubting"
	StageJudging  = "judging"
)

// What it does then, beside saying a message of any kind.
const (
	ActEnd      = "end"      // it ends the stream
	ActSilence  = "silence"  // it says nothing
	ActProgress = "progress" // it says that it is hashing the file, and gets on
	ActStuck    = "stuck"    // the same, and does not get on
	ActJunk     = "junk"     // it says what is no message
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

// Attacks lists what a stranger may do to a server: "first X" says X at once, "second X" after an honest request;
// X is the name of a kind, or of what is no message. The others are ways of not behaving.
func Attacks() []string {
	attacks := []string{"silence", "end", "half", "half-end", "drip", "no-reading", "hang-up", "flood", "old-cursor", "bad-name", "far-offset", "end-offset", "gap"}
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
