package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// staged answers honestly until the stage is reached.
func (i *impostor) staged(stage, act string, m protocol.Message) []roles.Effect {
	tree, is := m.(*protocol.Tree)
	if is {
		return i.describe(tree)
	}
	get, is := m.(*protocol.Get)
	switch {
	case i.wrong || is && stage == scenario.StageAsking:
		return i.act(act)
	case !is:
		return refuse(protocol.Unexpected)
	case stage == scenario.StageDoubting && get.Length <= group:
		return i.serve(get)
	}
	id := i.find(get.Name, get.Hash)
	if no := i.refusing(id, get.Hash); no != nil {
		return no
	}
	i.wrong = true
	at, length := stretch(get, id.size)
	effects := []roles.Effect{roles.Send{Message: &protocol.Content{Size: id.size, Offset: at, Length: length, Hash: id.hash}}}
	first := int(min(length, group))
	effects = append(effects, sendRaw{seg: segment{content: forged + 1, offset: at, size: first}})
	rest := segment{content: id.content, offset: at + uint64(first), size: int(length) - first}
	if stage == scenario.StageDoubting {
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
	case scenario.ActEnd:
		return []roles.Effect{roles.HalfClose{}, roles.Hear{}}
	case scenario.ActJunk:
		bytes, _ := nonsense(act)
		return []roles.Effect{raw(bytes), roles.Hear{}}
	case scenario.ActSilence:
		return []roles.Effect{roles.Hear{}}
	case scenario.ActAtOnce:
		return say(&protocol.Awaited{Renewed: protocol.Renewed{TTL: 90000, Renew: 30000, Reached: protocol.Reached{Await: 1}}})
	case scenario.ActNoLease:
		return refuse(protocol.NoLease)
	case scenario.ActProgress, scenario.ActStuck:
		i.drips = 30
		return append(append(i.progress(), roles.Hear{}), i.arm()...)
	}
	kind, _ := kindNamed(act)
	return say(sample(kind))
}
