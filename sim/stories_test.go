package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// allStories returns scenarios in which several things coincide, which random scenarios meet too
// seldom.
func allStories() []*scenario.Scenario {
	at := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	reading := scenario.Fault{Class: scenario.Attack, At: at(1), Who: "n0", Name: "no-reading"}
	impatient := func(who string, first int, then ...scenario.Fault) []scenario.Fault {
		return append(then, scenario.Fault{Class: scenario.Graceful, At: at(first), Who: who}, scenario.Fault{Class: scenario.Graceful, At: at(first + 1), Who: who})
	}
	return append(slices.Concat(gatherStories(), readStories(), keptStories(), unendingStories(), crowdStories(), certainStories(), addressStories(), identityStories(), enteringStories(), revokedStories(), rottenStories(), reachStories(), turnStories(), circuitStories()), []*scenario.Scenario{
		// A node stops while a stalled reader has half of a file: it waits, and the reader
		// disappears, stays, or reads on.
		reader(impatient("n0", 2, reading)...),
		reader(impatient("n0", 2, reading, scenario.Fault{Class: scenario.Crash, At: at(5), Who: "x"})...),
		reader(scenario.Fault{Class: scenario.Slow, Who: "c0", For: at(30), N: 300000}, scenario.Fault{Class: scenario.Graceful, At: at(18), Who: "n0"}),
		// A pipeline is reset, or stopped, in the middle of a file.
		pipelining(scenario.Fault{Class: scenario.Slow, Who: "c2", For: at(30), N: 1 << 20}, scenario.Fault{Class: scenario.Reset, At: at(1), Who: "c2", With: "n0", N: 100000}),
		pipelining(scenario.Fault{Class: scenario.Slow, Who: "c2", For: at(30), N: 65536}, scenario.Fault{Class: scenario.Graceful, At: at(4), Who: "c2"}),
		// A relay, and a node, stop while a peer that was refused has not read the refusal.
		story(0, scenario.Honest, impatient("relay", 12, scenario.Fault{Class: scenario.Attack, At: at(1), Who: "relay", Name: "no-reading"})...),
		fileless(impatient("n0", 12, reading)...),
		// A node is stopped twice while the relay does not answer its LEAVE.
		story(0, "mute", impatient("n0", 12)...),
		// A user asks for a name that no share can have.
		misnamed("../both"),
		// A client's disk is full when it has to continue with another node.
		stalled(scenario.Fault{Class: scenario.DiskFull, At: at(10), For: at(20), Who: "c0"}),
		// A node dies at the end of a pipeline, before the links are closed.
		pipelining(scenario.Fault{Class: scenario.StallReader, At: 2004500 * time.Microsecond, For: at(30), Who: "n0"}, scenario.Fault{Class: scenario.Crash, At: at(3), Who: "n0"}),
		// Several listed nodes are dead, and each costs only DialPatience.
		impatience(1), impatience(2), impatience(3),
		// A client loses its power between two contents of one name. With these seeds claims of the
		// first content stand under the header of the second.
		betweenContents(1), betweenContents(13), betweenContents(28),
		// Other nodes complete the range of a node that sends a wrong group and then nothing.
		overtaken(),
		// The tree of a file needs several OUTBOARDs.
		vast(),
		// A disk hangs while the part of an earlier try is examined, and when there is none.
		resumed(scenario.Fault{Class: scenario.DiskHang, At: at(10) + time.Millisecond, For: at(25), Who: "c0", N: 60000}),
		story(0, scenario.Honest, scenario.Fault{Class: scenario.DiskHang, At: at(1) + time.Millisecond, For: at(25), Who: "c0", N: 60000}),
		// A disk hangs during a commit, for longer than a client waits.
		pipelining(scenario.Fault{Class: scenario.Slow, Who: "c0", For: at(30), N: 1 << 20},
			scenario.Fault{Class: scenario.DiskHang, At: at(8), For: at(50), Who: "c0", N: 1 << 22}),
		// A node's disk answers after the node has refused the peer, which does not read that.
		rejecting(),
		// A client's disk hangs after a wrong group: for long, until it is full, until the user stops
		// the client, or until the node crashes.
		doubting(2), doubting(2, scenario.Fault{Class: scenario.DiskFull, At: at(1), For: at(50), Who: "c2", N: -1}),
		doubting(2, scenario.Fault{Class: scenario.Graceful, At: at(3), Who: "c2"}), doubting(2, scenario.Fault{Class: scenario.Crash, At: at(3), Who: "n0"}),
		// The only node that has a file sends a wrong group and then nothing: nobody else waits.
		unrivalled(),
		// A node dies after a wrong group: within the stretch, and behind it. The user stops a client
		// there.
		lying("doubting silence", scenario.Fault{Class: scenario.Crash, At: 1250 * time.Millisecond, Who: "n0"}),
		lying("judging silence", scenario.Fault{Class: scenario.Crash, At: 1250 * time.Millisecond, Who: "n0"}),
		lying("doubting silence", scenario.Fault{Class: scenario.Graceful, At: 3900 * time.Millisecond, Who: "c1"}),
		lying("judging silence", scenario.Fault{Class: scenario.Graceful, At: 2250 * time.Millisecond, Who: "c1"},
			scenario.Fault{Class: scenario.Slow, For: at(50), Who: "c1", N: 1 << 20}),
		// A relay hangs when it is asked for nodes, and crashes: twice.
		asking(scenario.Fault{Class: scenario.Hang, At: at(4), For: at(20), Who: "relay"},
			scenario.Fault{Class: scenario.Crash, At: at(6), For: time.Millisecond, Who: "relay"},
			scenario.Fault{Class: scenario.Hang, At: at(6) + 1500*time.Microsecond, For: at(20), Who: "relay"},
			scenario.Fault{Class: scenario.Crash, At: at(8), Who: "relay"}),
		// A node registers under the id of another one that is publishing.
		sharing(),
		// A user stops a client before it has begun.
		stoppedAtOnce(),
		// A client has crashed when the node reports its progress in hashing.
		reader(scenario.Fault{Class: scenario.SlowHash, For: at(20), Who: "n0", N: 300000}, scenario.Fault{Class: scenario.Crash, At: at(4), Who: "c0"}),
		// A node's hashing makes no progress.
		story(0, scenario.Honest, scenario.Fault{Class: scenario.SlowHash, For: at(30), Who: "n0"}),
	}...)
}

// rottenStories are stories of a node whose file has rotted, and that ends at each of some events: also while a client waits for its
// answer to that.
func rottenStories() (all []*scenario.Scenario) {
	for event := 20; event < 200; event++ {
		s := sweepScenario()
		s.Nodes = s.Nodes[:1]
		s.Ops = []scenario.Op{{At: 2 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "both"}}
		s.Faults = []scenario.Fault{
			{Class: scenario.BitRot, Who: "n0", At: time.Second, Name: "both"},
			{Class: scenario.Crash, Who: "n0", For: time.Second, Event: event},
		}
		all = append(all, s)
	}
	return all
}

// crowdStories have strangers who ask for more than the relay likes to send, and take it or not.
func crowdStories() (all []*scenario.Scenario) {
	at := func(tenths int) time.Duration { return time.Duration(tenths) * time.Second / 10 }
	deaf := func(faults ...scenario.Fault) {
		s := deafLists(0)
		s.Ops = s.Ops[:len(s.Ops)-1]
		s.Faults = append(s.Faults, faults...)
		all = append(all, s)
	}
	// Nobody else wants the room; the stranger disappears; the relay stops; another one is refused.
	alone := story(0, scenario.Honest, scenario.Fault{Class: scenario.Attack, At: at(15), Who: "relay", Name: scenario.DeafList})
	alone.Heal = patienceWithStrangers + 20*time.Second
	all = append(all, alone)
	deaf(scenario.Fault{Class: scenario.Crash, At: at(18), Who: "x"})
	deaf(scenario.Fault{Class: scenario.Graceful, At: at(18), Who: "relay"})
	deaf(scenario.Fault{Class: scenario.Attack, At: at(16), Who: "relay", Name: "second LIST"})
	// More nodes than a short page has.
	s := story(0, scenario.Honest, scenario.Fault{Class: scenario.Attack, At: at(15), Who: "relay", Name: "crowd"},
		scenario.Fault{Class: scenario.Attack, At: at(100), Who: "relay", Name: "crowd-seen"})
	s.Heal, s.Relay.Page, s.Relay.Plain, s.Relay.Unproven = patienceWithStrangers+20*time.Second, 0, true, true // one stranger has many ids, and listens nowhere
	all = append(all, s)
	// A client's list whose link breaks, and the one that is made in its place.
	again := story(0, scenario.Honest, scenario.Fault{Class: scenario.Reset, At: at(5), For: at(10), Who: "c0", With: "relay", N: 5},
		scenario.Fault{Class: scenario.Reset, At: at(10) + 5500*time.Microsecond, For: at(10), Who: "c0", With: "relay", N: 5})
	again.Ops = []scenario.Op{{At: at(10), Do: scenario.DoList, Who: "c0"}}
	all = append(all, again)
	// A client whose list is put off, and then the way to the relay is gone, or its user.
	soon := at(10) + 4500*time.Microsecond
	for _, then := range []scenario.Fault{{Class: scenario.Crash, At: soon, Who: "relay"}, {Class: scenario.PowerLoss, At: soon, For: at(200), Who: "relay"}, {Class: scenario.Graceful, At: soon, Who: "c0"}} {
		s := story(0, "put-off", then)
		s.Ops = []scenario.Op{{At: at(10), Do: scenario.DoList, Who: "c0"}}
		all = append(all, s)
	}
	// The relay has no room for the names of all nodes.
	for seed := range uint64(4) {
		all = append(all, fullRelay(seed))
	}
	// A node has published two names, has no room for a third, and the first is gone.
	s = sweepScenario()
	s.Relay.Entries = 2
	s.Nodes[0].Files = []scenario.File{{Name: "third", Content: 52, Size: 100}}
	s.Ops = []scenario.Op{{At: at(30), Do: scenario.DoMirror, Who: "n1", Name: "third", Sources: 1}}
	s.Faults = []scenario.Fault{{Class: scenario.FileDelete, At: at(120), Who: "n1", Name: "one"}}
	return append(all, s)
}

func story(drain time.Duration, lie scenario.Lie, faults ...scenario.Fault) *scenario.Scenario {
	s := sweepScenario()
	s.Drain, s.Relay.Lie, s.Faults = drain, lie, faults
	return s
}

// reader is a story with a file that is larger than a connection's window.
func reader(faults ...scenario.Fault) *scenario.Scenario {
	s := story(2*roles.ProgressTimeout, scenario.Honest, faults...)
	s.Nodes[0].Files[0].Size = 12 * group
	s.Nodes[1].Files = nil
	s.Ops = []scenario.Op{{At: time.Second, Do: scenario.DoFetch, Who: "c0", Name: "both"}}
	return s
}

func pipelining(faults ...scenario.Fault) *scenario.Scenario {
	s := largeScenario()
	s.Faults = faults
	return s
}

func doubting(seed uint64, faults ...scenario.Fault) *scenario.Scenario {
	s := pipelining(append(faults, scenario.Fault{Class: scenario.DiskHang, At: time.Second, For: 50 * time.Second, Who: "c2", N: 45000})...)
	s.Seed, s.Nodes[0].Lie = seed, "judging silence"
	return s
}

// lying is a story of a liar that is asked first.
func lying(lie scenario.Lie, faults ...scenario.Fault) *scenario.Scenario {
	s := pipelining(faults...)
	longer(s)
	s.Nodes[0].Lie, s.Ops = lie, s.Ops[:2]
	return s
}

// asking is a client that asks for the nodes that have a file.
func asking(faults ...scenario.Fault) *scenario.Scenario {
	s := story(0, scenario.Honest, faults...)
	s.Ops = []scenario.Op{{At: 5 * time.Second, Do: scenario.DoLocate, Who: "c0", Name: "both"}}
	return s
}

func sharing() *scenario.Scenario {
	s := story(0, scenario.Honest)
	s.Nodes[1].ID, s.Nodes[1].Start = s.Nodes[0].ID, time.Millisecond
	return s
}

// unrivalled is a liar that is alone: it has all its time.
func unrivalled() *scenario.Scenario {
	s := reader()
	longer(s)
	s.Nodes[0].Lie, s.Relay.Page, s.Ops[0].At = "doubting silence", 0, 5*time.Second
	return s
}

func stoppedAtOnce() *scenario.Scenario {
	s := largeScenario()
	s.Ops = append(s.Ops, scenario.Op{At: 2 * time.Second, Do: scenario.DoAbort, Who: "c2"})
	return s
}

func fileless(faults ...scenario.Fault) *scenario.Scenario {
	s := story(0, scenario.Honest, faults...)
	s.Nodes[0].Files = nil
	return s
}

func misnamed(name string) *scenario.Scenario {
	s := story(0, scenario.Honest)
	s.Ops[0].Name = name
	return s
}

func stalled(fault scenario.Fault) *scenario.Scenario {
	s := story(0, scenario.Honest, fault)
	for i := range s.Nodes {
		s.Nodes[i].Lie = "stall"
	}
	return s
}

func impatience(seed uint64) *scenario.Scenario {
	s := largeScenario()
	file, at := scenario.File{Name: "large", Content: 1, Size: 3 * group}, 2500*time.Millisecond
	for i := range 7 {
		class := scenario.Crash
		if i > 2 {
			class = scenario.PowerLoss
			s.Nodes = append(s.Nodes, scenario.Node{ID: i})
		}
		s.Nodes[i].Quiet, s.Nodes[i].Files = false, []scenario.File{file}
		s.Faults = append(s.Faults, scenario.Fault{Class: class, At: at, For: 50 * time.Second, Who: scenario.NodeName(i)})
	}
	s.Seed, s.Ops = seed, s.Ops[1:2]
	s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Slow, Who: "c1", For: 50 * time.Second, N: 1 << 20})
	return s
}

// betweenContents is a fetch that is killed, continues with another content, and loses its power at
// the start of that.
func betweenContents(seed uint64) *scenario.Scenario {
	return &scenario.Scenario{
		Seed: seed, Heal: 40 * time.Second, Clients: 1,
		Nodes: []scenario.Node{{ID: 0, Files: []scenario.File{{Name: "large", Content: 1, Size: 4 * group}}}},
		Ops:   []scenario.Op{{At: time.Second, Do: scenario.DoFetch, Who: "c0", Name: "large"}},
		Faults: []scenario.Fault{
			{Class: scenario.KillWriting, At: time.Second, For: 2 * time.Second, Who: "c0", N: 9},
			{Class: scenario.FileReplace, At: 2 * time.Second, Who: "n0", Name: "large"},
			{Class: scenario.CutWriting, At: 2500 * time.Millisecond, For: 2 * time.Second, Who: "c0", N: 5},
		},
	}
}

func overtaken() *scenario.Scenario {
	s := largeScenario()
	for i := range s.Nodes {
		s.Nodes[i].Files[0].Size = 40 * group
	}
	s.Nodes[0].Lie, s.Nodes[0].Quiet = scenario.StageDoubting+" "+scenario.ActSilence, false
	return s
}

// vast is a file of more groups than fit one OUTBOARD.
func vast() *scenario.Scenario {
	s := story(0, scenario.Honest)
	s.Nodes[0].Files[0].Size = (protocol.MaxGroups + 3) * group
	s.Nodes[1].Files = nil
	s.Ops = []scenario.Op{{At: time.Second, Do: scenario.DoFetch, Who: "c0", Name: "both"}}
	return s
}

// resumed is a fetch that its user stops and starts again.
func resumed(fault scenario.Fault) *scenario.Scenario {
	s := largeScenario()
	s.Ops = []scenario.Op{
		{At: time.Second, Do: scenario.DoFetch, Who: "c0", Name: "large"},
		{At: 10 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "large"},
	}
	s.Faults = []scenario.Fault{
		{Class: scenario.Slow, Who: "c0", For: 8 * time.Second, N: 1 << 20},
		{Class: scenario.Graceful, At: 6 * time.Second, Who: "c0"}, fault,
	}
	return s
}

func rejecting() *scenario.Scenario {
	s := story(0, scenario.Honest,
		scenario.Fault{Class: scenario.DiskHang, At: time.Second, For: 20 * time.Second, Who: "n0", N: 11000},
		scenario.Fault{Class: scenario.Attack, At: 2 * time.Second, Who: "n0", Name: "no-reading"})
	s.Ops = nil
	return s
}
