package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// ahead is what a link to a node has under way.
type ahead struct {
	gets  []span // of each GET that has not been answered whole
	right uint64 // groups that came
}

// span is groups that have been asked for and have not come.
type span struct{ first, groups uint64 }

// underway returns the groups that have been asked for and have not come.
func (v *ahead) underway() (groups uint64) {
	for _, one := range v.gets {
		groups += one.groups
	}
	return groups
}

// awaits reports whether any of these groups is under way.
func (v *ahead) awaits(s span) bool {
	return slices.ContainsFunc(v.gets, func(one span) bool { return one.first < s.first+s.groups && s.first < one.first+one.groups })
}

// s26 checks a GET of a machine that fetches or reads one file.
func (c *checks) s26(a *actor, link roles.Link, get *protocol.Get) {
	if a.kind != fetchKind && a.kind != readerKind {
		return
	}
	v := a.operation.at(link)
	if v == nil || v.wrong {
		return
	}
	asked := span{get.Offset / group, max(1, protocol.Groups(get.Length))}
	v.ahead.gets = append(v.ahead.gets, asked)
	if most := 2 + 3*v.ahead.right; v.ahead.underway() > most {
		c.fail(S26, "%s has %d groups of %q under way from %v, which has brought %d", c.who(a), v.ahead.underway(), a.operation.op.Name, v.to, v.ahead.right)
	}
	links, all := uint64(0), uint64(0)
	for at, v := range a.operation.visited {
		if a.operation.at(v.link) == a.operation.visited[at] && v.ahead.underway() > 0 {
			links, all = links+1, all+v.ahead.underway()
			if v.relayed && v.link != link && !a.operation.at(link).relayed && v.ahead.awaits(asked) {
				c.w.coverage.sometimes(TakenBack)
			}
		}
	}
	if all > max(links, roles.MaxUnderway/protocol.GroupSize) {
		c.fail(S26, "%s has %d groups of %q under way from %d nodes", c.who(a), all, a.operation.op.Name, links)
	}
}

// answered records what comes for a GET.
func (v *ahead) answered(in roles.Input) {
	switch in := in.(type) {
	case roles.Heard:
		switch m := in.Message.(type) {
		case *protocol.Content:
			if len(v.gets) > 0 {
				v.gets[0].groups = min(v.gets[0].groups, max(1, protocol.Groups(m.Length)))
			}
		case *protocol.Error: // the node is left, or asked anew
			v.gets = nil
		}
	case roles.Verified:
		v.right++
		if len(v.gets) > 0 && v.gets[0].groups > 0 {
			v.gets[0] = span{v.gets[0].first + 1, v.gets[0].groups - 1}
		}
	case roles.BodyDone:
		if len(v.gets) > 0 {
			v.gets = v.gets[1:]
		}
	case roles.Lost, roles.PeerEnded:
		v.gets = nil
	}
}
