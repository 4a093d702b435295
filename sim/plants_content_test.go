package sim

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// contentBugs are bugs where content is fetched, verified, stored and served.
var contentBugs = []planted{
	{"a group is not verified", Plant{Blind: true}, []ID{S1, S11, S19}, "a liar, or a bit that flips", "", nil},
	{"another content is pinned than is read", around(readerKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, effect := range effects {
				if report, is := effect.(roles.Report); is {
					if pinned, is := report.Outcome.(client.Pinned); is {
						pinned.Hash[0]++
						effects[i] = roles.Report{Outcome: pinned}
					}
				}
			}
			return effects
		}
	}), []ID{S19}, "a file that is read at some place", "", nil},
	{"what whoever reads a file has is asked for all the same", around(readerKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if wanted, is := in.(roles.Wanted); is {
				wanted.Has = nil
				return wanted
			}
			return in
		}
	}), []ID{S12}, "a file that is read at some place", "", nil},
	{"what has come of a file while its reader reads on is asked for again", around(readerKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if wanted, is := in.(roles.Wanted); is {
				wanted.Keeps = false
				return wanted
			}
			return in
		}
	}), []ID{S12}, "a user that reads on", "", reads["the link is slow"]},
	{"what is wanted while a file is read does not take the place of what was wanted before", around(readerKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if _, is := in.(roles.Wanted); is && b.Machine.(*client.Reader).State() == client.ReaderReading {
				return nil
			}
			return in
		}
	}), []ID{S12}, "a user that changes its mind", "", reads["the link is slow"]},
	{"attributes are not carried", around(fetchKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			return committing(effects, protocol.Attributes{})
		}
	}), []ID{S20}, "", "", nil},
	{"attributes are those of another content", around(fetchKind, func(b *bugged) {
		var first *protocol.Attributes
		b.before = func(in roles.Input) roles.Input {
			heard, _ := in.(roles.Heard)
			if m, is := heard.Message.(*protocol.Outboard); is && first == nil {
				about := m.Attributes()
				first = &about
			}
			return in
		}
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			if first == nil {
				return effects
			}
			return committing(effects, *first)
		}
	}), []ID{S20}, "two contents of one name", "", nil},
	{"a journal is believed without a look at the bytes", Plant{Credulous: true}, []ID{S1, S11}, "a power loss", "", cutOff},
	{"a part takes its name before it is whole", Plant{Early: true}, []ID{S11, S1}, "a client that is killed", scenario.KillWriting, nil},
	{"a part takes its name before it outlives a power loss", Plant{Unsynced: true}, []ID{S16, S11}, "", "", nil},
	{"a file that is in its place is not synced", Plant{Trusting: true}, []ID{S16}, "a client that is killed between two steps of a commit", scenario.KillWriting, nil},
	{"a commit is answered before it is done", Plant{Rash: true}, []ID{S1, S5, S16, L3}, "", "", nil},
	{"the content of a part is not preferred", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if left, is := in.(roles.StoreInspected); is {
				return roles.StoreInspected{Item: left.Item}
			}
			return in
		}
	}), []ID{S17}, "a client that is killed, and nodes with another content", "", killedAmongOthers},
	{"what an earlier try left is not proven", Plant{Unproven: true}, []ID{S1, S11, S13, L3}, "a power loss between two contents", "", betweenContents},
	{"a file is served under the hash that it had", Plant{Stale: true}, []ID{S13, S20, L3, L1}, "a file that changes", scenario.FileChange, nil},
	{"a node does not say that its file changed", around(uploadKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if spoiled, is := in.(roles.BodySpoiled); is {
				return roles.BodyDone{Link: spoiled.Link}
			}
			return in
		}
	}), []ID{S13}, "a file that changes while it is sent", "", changing},
	{"a node does not look at what is called wrong", around(uploadKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			return without(effects, func(e roles.Effect) bool { _, is := e.(roles.CheckFile); return is })
		}
	}), []ID{L6}, "bits that rot", scenario.BitRot, nil},
	{"a node that sent a wrong group is asked on", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if _, is := in.(roles.BodyWrong); is {
				return nil
			}
			return in
		}
	}), []ID{S13, L1, L3}, "a liar", "", nil},
	{"a node that has brought nothing is asked for much", around(fetchKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				send, _ := e.(roles.Send)
				if get, is := send.Message.(*protocol.Get); is && get.Length == group {
					much := *get
					much.Length = protocol.MaxRange
					effects[i] = roles.Send{Link: send.Link, Message: &much}
				}
			}
			return effects
		}
	}), []ID{S26}, "a file of some groups", "", nil},
	{"a barred node is forgiven", around(fetchKind, func(b *bugged) {
		doubted := map[roles.Link]bool{}
		b.before = func(in roles.Input) roles.Input {
			switch in := in.(type) {
			case roles.BodyWrong:
				doubted[in.Link] = true
			case roles.Heard:
				if doubted[in.Link] && in.Message.Kind() != protocol.KindError {
					delete(doubted, in.Link)
					return roles.Heard{Link: in.Link, Message: &protocol.Error{Code: protocol.Changed, By: protocol.Node}}
				}
			}
			return in
		}
	}), []ID{S13, L3, S8}, "a liar", "", nil},
	{"what is there is fetched again", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if ready, is := in.(roles.StoreReady); is {
				ready.Has = nil
				return ready
			}
			return in
		}
	}), []ID{S12}, "a fetch that is begun again", "", begunAgain},
	{"a group is fetched again from another node", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if right, is := in.(roles.Verified); is && right.Link > 1 {
				return nil
			}
			return in
		}
	}), []ID{S12, L1, S1, L3, S11, S0}, "several sources", "", nil},
	{"contents are mixed", around(fetchKind, mixContents), []ID{S13, L3, S8}, "two contents of one name", "", nil},
	{"two links in the reference mode", Plant{Request: func(r *client.Request) { r.Sources += 2 }}, []ID{S7}, "a file of many groups", "", nil},
	{"a pinned content is forgotten", Plant{Request: func(r *client.Request) { r.Hash = protocol.Hash{} }}, []ID{S14, S2, L3, S1}, "a content that was asked for", "", nil},
	{"what was given out is taken back", Plant{Request: func(r *client.Request) { r.Once, r.Sources = false, 1 }}, []ID{S14}, "a content that nobody has whole", "", noLongerWhole},
	{"a dead source is never given up", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			switch in := in.(type) {
			case roles.Lost:
				if in.Link > 0 {
					return nil
				}
			case roles.TimerFired:
				if in.Timer > 1 {
					return nil
				}
			}
			return in
		}
	}), []ID{L1}, "a node that dies", "", nil},
	{"who hashes is waited for without a deadline", around(fetchKind, func(b *bugged) {
		hashing := map[roles.Timer]bool{}
		b.before = func(in roles.Input) roles.Input {
			switch in := in.(type) {
			case roles.Heard:
				hashing[roles.Timer(in.Link)+1] = in.Message.Kind() == protocol.KindHashing
			case roles.TimerFired:
				if hashing[in.Timer] {
					return nil
				}
			}
			return in
		}
	}), []ID{L1}, "a node that hashes and gets no further", "", nil},
}

// cutOff is a fetch whose client loses its power.
func cutOff(seed uint64) *scenario.Scenario {
	s := largeScenario()
	s.Seed, s.Ops = seed, s.Ops[:1]
	s.Faults = []scenario.Fault{{Class: scenario.CutWriting, At: time.Second, For: 2 * time.Second, Who: "c0", N: 9}}
	return s
}

// killedAmongOthers is a fetch that is killed, and starts again when most nodes have another content.
func killedAmongOthers(seed uint64) *scenario.Scenario {
	return interrupted(seed, scenario.KillWriting)
}

// changing is a fetch over a slow link of a file that changes meanwhile.
func changing(seed uint64) *scenario.Scenario {
	s := largeScenario()
	s.Seed, s.Ops, s.Nodes = seed, s.Ops[:1], s.Nodes[:1]
	s.Faults = []scenario.Fault{
		{Class: scenario.Slow, For: 50 * time.Second, Who: "c0", N: 1 << 20},
		{Class: scenario.FileChange, At: 2*time.Second + time.Duration(seed)*50*time.Millisecond, Who: "n0", Name: "large"},
	}
	return s
}

// begunAgain is a fetch that its user stops and starts again.
func begunAgain(seed uint64) *scenario.Scenario {
	s := resumed(scenario.Fault{})
	s.Seed, s.Faults = seed, s.Faults[:2]
	return s
}

// noLongerWhole is a fetch that cannot be taken back, from a node that dies while another node has
// another content.
func noLongerWhole(seed uint64) *scenario.Scenario {
	s := largeScenario()
	s.Seed, s.Ops, s.Nodes = seed, s.Ops[:1], s.Nodes[:2]
	s.Ops[0].Once, s.Ops[0].At = true, 15*time.Second // when the first has published
	s.Nodes[0].Quiet, s.Nodes[1].Quiet = false, true  // so that the first is asked first
	s.Nodes[1].Files = []scenario.File{{Name: "large", Content: 4, Size: 2 * group}}
	s.Faults = []scenario.Fault{
		{Class: scenario.Slow, For: 50 * time.Second, Who: "c0", N: 1 << 20},
		{Class: scenario.PowerLoss, At: 18 * time.Second, For: 40 * time.Second, Who: "n0"},
	}
	return s
}

// mixContents makes a fetch believe that all nodes have the content of the first.
func mixContents(b *bugged) {
	var first *protocol.Outboard
	b.before = func(in roles.Input) roles.Input {
		heard, is := in.(roles.Heard)
		if !is {
			return in
		}
		switch m := heard.Message.(type) {
		case *protocol.Outboard:
			if first == nil {
				first = m
			}
			return roles.Heard{Link: heard.Link, Message: first}
		case *protocol.Content:
			c := *m
			if first != nil {
				c.Hash = first.Hash
			}
			return roles.Heard{Link: heard.Link, Message: &c}
		}
		return in
	}
}

// indexBugs are bugs where indexes are published and asked for.
var indexBugs = []planted{
	{"a relay keeps the entries of a lapsed lease", directory(func(b *before, d relayDirectory) {
		at := map[protocol.PeerID]netip.AddrPort{}
		had := map[protocol.PeerID]map[string]protocol.Entry{}
		b.register = func(now roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
			at[m.ID] = netip.AddrPortFrom(from.Peer, m.Port)
			return d.Register(now, from, m)
		}
		b.publish = func(now roles.Moment, m *protocol.Publish) protocol.Message {
			if had[m.ID] == nil {
				had[m.ID] = map[string]protocol.Entry{}
			}
			for _, e := range m.Changes {
				had[m.ID][e.Name] = e
			}
			return d.Publish(now, m)
		}
		b.locate = func(now roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(now, from, m)
			located, is := answer.(*protocol.Located)
			if !is || m.Name == "" || located.Cursor != nil {
				return answer
			}
			for id, names := range had {
				known := func(p protocol.Peer) bool { return p.Addr() == at[id] }
				if e := names[m.Name]; !e.Hash.IsZero() && !contains(located.Peers, known) {
					p := protocol.PeerAt(at[id])
					p.Hash, p.Size = e.Hash, e.Size
					located.Peers = append([]protocol.Peer{p}, located.Peers...)
				}
			}
			return answer
		}
	}), []ID{S3, S15}, "a node that dies", "", nil},
	{"who has not the file is listed all the same", directory(func(b *before, d relayDirectory) {
		b.locate = func(now roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(now, from, m)
			located, is := answer.(*protocol.Located)
			if !is || m.Name == "" {
				return answer
			}
			all, _ := d.Locate(now, from, &protocol.Locate{}).(*protocol.Located)
			for _, p := range all.Peers {
				if !contains(located.Peers, func(q protocol.Peer) bool { return q.Addr() == p.Addr() }) {
					located.Peers = append(located.Peers, p)
				}
			}
			return located
		}
	}), []ID{S15}, "a node that publishes", "", nil},
	{"a holder is left out", directory(func(b *before, d relayDirectory) {
		b.locate = func(now roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(now, from, m)
			if located, is := answer.(*protocol.Located); is && len(located.Peers) > 0 && !located.Peers[0].Hash.IsZero() {
				located.Peers = located.Peers[1:]
			}
			return answer
		}
	}), []ID{S15, S2, L3}, "a node that publishes", "", nil},
	{"changes are taken in although some before them are missing", directory(func(b *before, d relayDirectory) {
		b.publish = func(now roles.Moment, m *protocol.Publish) protocol.Message {
			answer := d.Publish(now, m)
			if refusal, is := answer.(*protocol.Error); is && refusal.Code == protocol.Resync {
				whole := *m
				whole.From = 0
				return d.Publish(now, &whole)
			}
			return answer
		}
	}), []ID{S15, L4}, "a relay that has lost some of an index", "", nil},
	{"what a node published before it was restarted quietly is kept for ever", directory(func(b *before, d relayDirectory) {
		doubtful := map[protocol.PeerID]protocol.Held{}
		b.register = func(now roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
			answer := d.Register(now, from, m)
			if granted, is := answer.(*protocol.Registered); is {
				doubtful[m.ID] = granted.Held
			}
			return answer
		}
		b.publish = func(now roles.Moment, m *protocol.Publish) protocol.Message {
			delete(doubtful, m.ID)
			return d.Publish(now, m)
		}
		b.renew = func(now roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
			if held := doubtful[m.ID]; held.Index != 0 { // it speaks for the node, which stays unindexed
				d.Publish(now, &protocol.Publish{ID: m.ID, Epoch: m.Epoch, Index: held.Index, From: held.Sequence, To: held.Sequence, Latest: held.Sequence + 1})
			}
			return d.Renew(now, from, m)
		}
	}), []ID{S15}, "a node that stops publishing", "", quieted},
	{"a change is not published", around(memberKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				send, _ := e.(roles.Send)
				if m, is := send.Message.(*protocol.Publish); is && m.From > 0 {
					fewer := *m
					fewer.Changes = nil
					effects[i] = roles.Send{Link: send.Link, Message: &fewer}
				}
			}
			return effects
		}
	}), []ID{L4}, "a file that changes", "", nil},
}

// quieted is a node that publishes, dies, and comes back under its id without publishing.
func quieted(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Heal, s.Relay.Page = seed, 4*time.Minute, 0
	s.Nodes = s.Nodes[:1]
	back := s.Nodes[0]
	back.Start = 40 * time.Second
	s.Nodes[0].Quiet, back.Quiet = false, true
	s.Nodes = append(s.Nodes, back)
	s.Ops = []scenario.Op{{At: 3 * time.Minute, Do: scenario.DoLocate, Who: "c0", Name: "both"}}
	s.Faults = []scenario.Fault{{Class: scenario.PowerLoss, At: 20 * time.Second, For: 4 * time.Minute, Who: "n0"}}
	return s
}

func contains(peers []protocol.Peer, which func(protocol.Peer) bool) bool {
	for _, p := range peers {
		if which(p) {
			return true
		}
	}
	return false
}

// committing returns effects with other attributes of the files that are committed.
func committing(effects []roles.Effect, about protocol.Attributes) []roles.Effect {
	for i, effect := range effects {
		if commit, is := effect.(roles.CommitStore); is {
			commit.Items = append([]roles.Placement(nil), commit.Items...)
			for n := range commit.Items {
				commit.Items[n].Attributes = about
			}
			effects[i] = commit
		}
	}
	return effects
}
