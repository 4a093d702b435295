package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// gatherBugs are bugs where many files are fetched.
var gatherBugs = []planted{
	{"a file is committed that did not come", around(gatherKind, func(b *bugged) {
		pretend := false
		b.before = func(in roles.Input) roles.Input {
			pretend = pretend || heardError(in) != nil
			return well(in, pretend)
		}
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, effect := range effects {
				if commit, is := effect.(roles.CommitStore); is && pretend {
					commit.Items = append(commit.Items, roles.Placement{Item: absent(commit.Items), Size: 1})
					effects[i] = commit
				}
			}
			return effects
		}
	}), []ID{S1, S5, S0}, "a node that lacks a file it has published", "", lacking},
	{"a commit that failed counts as placed", around(gatherKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input { return well(in, true) }
	}), []ID{S1, S16}, "a disk that gives errors", "", gatherWith(scenario.Fault{Class: scenario.DiskError, At: gatherAt, For: gatherAt, Who: "c0", N: 1})},
	{"the files of an overtaken node are lost", around(gatherKind, func(b *bugged) {
		asked, lost := map[roles.Link]map[protocol.Hash]bool{}, map[protocol.Hash]bool{}
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			timer, is := in.(roles.TimerFired)
			for _, effect := range effects {
				switch effect := effect.(type) {
				case roles.Dial:
					asked[effect.Link] = map[protocol.Hash]bool{}
				case roles.Send:
					if get, is := effect.Message.(*protocol.Get); is {
						asked[effect.Link][get.Hash] = true
					}
				case roles.HangUp:
					if is && timer.Timer == roles.Deadline && effect.Link < client.PipelineLinks {
						for hash := range asked[effect.Link] {
							lost[hash] = true
						}
					}
				}
			}
			return without(effects, func(e roles.Effect) bool {
				gathered, is := reported(e)
				return is && lost[gathered.Result.Hash]
			})
		}
	}), []ID{S5}, "a node that falls silent while another one is idle", "", gatherWith(scenario.Fault{Class: scenario.Hang, At: gatherAt - 1, For: gatherAt, Who: "n0"})},
	{"a node that failed is asked again", around(gatherKind, func(b *bugged) {
		to := map[roles.Link]string{}
		failed := ""
		b.before = func(in roles.Input) roles.Input {
			if lost, is := in.(roles.Lost); is && lost.Link < client.PipelineLinks {
				failed = to[lost.Link]
			}
			return in
		}
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, effect := range effects {
				if dial, is := effect.(roles.Dial); is && dial.Link < client.PipelineLinks {
					if failed != "" {
						dial.To, effects[i] = failed, roles.Dial{Link: dial.Link, To: failed}
					}
					to[dial.Link] = dial.To
				}
			}
			return effects
		}
	}), []ID{S18}, "a node that dies, and another one", "", gatherWith(scenario.Fault{Class: scenario.Crash, At: gatherAt - 1, For: gatherAt, Who: "n0"})},
	{"a content that is gone takes its names along", around(gatherKind, func(b *bugged) {
		names := len(b.Machine.(*client.Gather).Names())
		for item, of := range b.Machine.(*client.Gather).Names() {
			if len(of) > 1 {
				names = min(names, firstSpare(b.Machine.(*client.Gather).Names(), of[0], item))
			}
		}
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			return without(effects, func(e roles.Effect) bool {
				gathered, is := reported(e)
				return is && gathered.Item >= names
			})
		}
	}), []ID{S5}, "a content with several names that nobody has any more", "", goneTwins},
	{"a link is not closed before the next one", around(gatherKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			return without(effects, func(e roles.Effect) bool {
				up, is := e.(roles.HangUp)
				return is && up.Link < client.PipelineLinks
			})
		}
	}), []ID{S7, S6, C2}, "", "", gatherWith()},
}

// absent returns the first item that is not among these.
func absent(items []roles.Placement) (item int) {
	for slices.ContainsFunc(items, func(p roles.Placement) bool { return p.Item == item }) {
		item++
	}
	return item
}

// reported returns the result of one of many files in an effect.
func reported(e roles.Effect) (gathered client.Gathered, is bool) {
	report, _ := e.(roles.Report)
	gathered, is = report.Outcome.(client.Gathered)
	return gathered, is
}

// well makes a commit one that went well.
func well(in roles.Input, pretend bool) roles.Input {
	done, is := in.(roles.StoreCommitted)
	if !is || !pretend {
		return in
	}
	var all roles.StoreCommitted
	for _, item := range done.Items {
		all.Items = append(all.Items, roles.Placed{Item: item.Item})
	}
	return all
}

// firstSpare returns the item that is a name of an earlier item for itself.
func firstSpare(names [][]string, name string, after int) int {
	for item := after + 1; item < len(names); item++ {
		if names[item][0] == name {
			return item
		}
	}
	return len(names)
}

const gatherAt = 5_000_000_000

func gatherWith(faults ...scenario.Fault) func(seed uint64) *scenario.Scenario {
	return func(seed uint64) *scenario.Scenario {
		s := gatherScenario()
		s.Seed, s.Faults = seed, faults
		return s
	}
}

// lacking is a node whose file is deleted just before it is asked for.
func lacking(seed uint64) *scenario.Scenario {
	return gatherWith(scenario.Fault{Class: scenario.FileDelete, At: gatherAt - 50_000_000, Who: "n0", Name: "many/1"})(seed)
}

// goneTwins are files of one content that all have another one just before they are asked for.
func goneTwins(seed uint64) *scenario.Scenario {
	s := gatherScenario()
	s.Seed = seed
	for i, n := range s.Nodes {
		for _, f := range n.Files {
			if f.Content == 4 {
				s.Faults = append(s.Faults, scenario.Fault{Class: scenario.FileReplace, At: gatherAt - 50_000_000, Who: scenario.NodeName(i), Name: f.Name})
			}
		}
	}
	return s
}
