package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// The stages of a visit at which a staged liar begins to lie: instead of content; in the midst of a stretch with a wrong
// group; and after a stretch with a wrong group.
const (
	stageAsking   = "asking"
	stageDoubting = "doubting"
	stageJudging  = "judging"
)

// What it does then, beside saying a message of any kind.
const (
	actEnd      = "end"      // it ends the stream
	actSilence  = "silence"  // it says nothing
	actProgress = "progress" // it says that it is hashing the file, and gets on
	actStuck    = "stuck"    // the same, and does not get on
	actJunk     = "junk"     // it says what is no message
)

// Staged lists the lies "STAGE ACT".
func Staged() (lies []Lie) {
	acts := []string{actEnd, actSilence, actProgress, actStuck, actJunk}
	for _, stage := range []string{stageAsking, stageJudging} {
		for _, act := range acts {
			lies = append(lies, Lie(stage+" "+act))
		}
		for i := range protocol.Kinds {
			lies = append(lies, Lie(stage+" "+protocol.Kinds[i].Name))
		}
	}
	return append(lies, stageDoubting+" "+actEnd, stageDoubting+" "+actSilence)
}

// staged answers honestly until the stage is reached.
func (i *impostor) staged(stage, act string, m protocol.Message) []roles.Effect {
	tree, is := m.(*protocol.Tree)
	if is {
		return i.describe(tree)
	}
	get, is := m.(*protocol.Get)
	switch {
	case i.wrong || is && stage == stageAsking:
		return i.act(act)
	case !is:
		return refuse(protocol.Unexpected)
	case stage == stageDoubting && get.Length <= group:
		return i.serve(get)
	}
	id := i.find(get.Name, get.Hash)
	if no := i.refusing(id, get.Hash); no != nil {
		return no
	}
	i.wrong = true
	length := min(get.Length, id.size-min(id.size, get.Offset))
	effects := []roles.Effect{roles.Send{Message: &protocol.Content{Size: id.size, Offset: get.Offset, Length: length, Hash: id.hash}}}
	first := int(min(length, group))
	effects = append(effects, sendRaw{seg: segment{content: forged + 1, offset: get.Offset, size: first}})
	rest := segment{content: id.content, offset: get.Offset + uint64(first), size: int(length) - first}
	if stage == stageDoubting {
		rest.size /= 2
		return append(append(effects, sendRaw{seg: rest}), i.act(act)...)
	}
	if rest.size > 0 {
		effects = append(effects, sendRaw{seg: rest})
	}
	return append(effects, roles.Hear{})
}

func (i *impostor) act(act string) []roles.Effect {
	switch act {
	case actEnd:
		return []roles.Effect{roles.HalfClose{}, roles.Hear{}}
	case actJunk:
		bytes, _ := nonsense(act)
		return []roles.Effect{raw(bytes), roles.Hear{}}
	case actSilence:
		return []roles.Effect{roles.Hear{}}
	case actProgress, actStuck:
		i.drips = 30
		return append(append(i.progress(), roles.Hear{}), i.arm()...)
	}
	kind, _ := kindNamed(act)
	return say(sample(kind))
}
