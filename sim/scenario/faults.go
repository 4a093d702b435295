package scenario

import "slices"

// Class is a kind of fault.
type Class string

// The classes of a scenario's faults; after them the classes that are part of its hosts and
// operations.
const (
	Delay       Class = "delay"
	Reorder     Class = "reorder"
	Split       Class = "split"
	Coalesce    Class = "coalesce"
	Slow        Class = "slow"
	Partition   Class = "partition"
	OneWay      Class = "one-way"
	BlackHole   Class = "black-hole"
	Reset       Class = "reset"
	BitFlip     Class = "bit-flip"
	Refuse      Class = "refuse"
	NoRoute     Class = "no-route"
	Busy        Class = "busy"
	Crash       Class = "crash"
	PowerLoss   Class = "power-loss"
	Hang        Class = "hang"
	StallReader Class = "stall-reader"
	ClockBack   Class = "clock-back"
	LateTimer   Class = "late-timer"
	FileChange  Class = "file-change"
	FileReplace Class = "file-replace"
	FileShorten Class = "file-shorten"
	FileDelete  Class = "file-delete"
	FileAppear  Class = "file-appear"
	BitRot      Class = "bit-rot"
	Opaque      Class = "opaque"
	Deaf        Class = "deaf"
	DiskHang    Class = "disk-hang"
	DiskError   Class = "disk-error"
	DiskFull    Class = "disk-full"
	SlowHash    Class = "slow-hash"
	KillWriting Class = "kill-writing"
	CutWriting  Class = "cut-writing"
	Attack      Class = "attack"
	Graceful    Class = "stop"
	Move        Class = "move"
	Address     Class = "address"
	Middle      Class = "middle"
	NewKey      Class = "new-key"
	Firewall    Class = "firewall"
	Revoke      Class = "revoke"

	Drift    Class = "drift"     // in a plan: a clock that runs fast or slow
	Liar     Class = "liar"      // in a plan: a node or relay that does not keep to the protocol
	SharedID Class = "shared-id" // in a plan: two nodes with one id
	Forgets  Class = "forgets"   // in a plan: a relay that keeps no mark of how many nodes it had
	Lone     Class = "lone"      // in a plan: a node that only the relay's machine reaches
	Walled   Class = "walled"    // in a plan: a node that nobody can connect to
	Heals    Class = "heal"      // hosts that were cut off are joined again
)

// Target is the kind of host that a class of faults strikes.
type Target int

// The targets.
const (
	AtAnybody Target = iota // one host: everything from or to it
	AtPair                  // two hosts
	AtServer                // the relay or a node
	AtNode                  // a node
	AtClient                // a client
	AtNobody                // no host: part of the scenario's hosts and operations
)

// ClassInfo is a row of the table of fault classes.
type ClassInfo struct {
	Class  Class
	Means  string
	Target Target
	N      []int // possible numbers, the mildest first; nil: the class has no number
	Lasts  bool  // it lasts for a time
	File   bool  // it strikes one file
}

// mildest returns the number that a class has without another: 0 where it may have that.
func (c *ClassInfo) mildest() int {
	if len(c.N) == 0 || slices.Contains(c.N, 0) {
		return 0
	}
	return c.N[0]
}

// Classes is the table of fault classes.
var Classes = []ClassInfo{
	{Delay, "data from and to the host arrives up to N ms later, in order on each connection",
		AtAnybody, []int{30, 900, 9000, 40000}, true, false},
	{Reorder, "each connection of the host has a delay of its own, up to N ms",
		AtAnybody, []int{50, 2500, 12000}, true, false},
	{Split, "data arrives in pieces, up to N ms apart", AtAnybody, []int{0, 20, 3000}, true, false},
	{Coalesce, "data that is sent within N ms arrives together",
		AtAnybody, []int{20, 1500}, true, false},
	{Slow, "the host sends and receives N bytes a second",
		AtAnybody, []int{65536, 3000, 400, 20}, true, false},
	{Partition, "the network holds up everything between the two hosts until it heals",
		AtPair, nil, true, false},
	{OneWay, "the network holds up everything from the one host to the other until it heals",
		AtPair, nil, true, false},
	{BlackHole, "the next connection from the one host to the other vanishes at its Nth byte: nothing passes any more, and neither end learns of it",
		AtPair, []int{0, 61, 200}, false, false},
	{Reset, "the next connection from the one host to the other is reset at its Nth byte, from either end",
		AtPair, []int{0, 5, 61, 130}, false, false},
	{BitFlip, "one bit of the Nth byte from the one host to the other is flipped",
		AtPair, []int{0, 3, 9, 44, 150}, false, false},
	{Refuse, "the host refuses connections", AtServer, nil, true, false},
	{NoRoute, "the host is unreachable, and dials fail at once", AtServer, nil, true, false},
	{Busy, "the host is full and answers each new connection with ERROR(busy); a relay ends its circuits",
		AtServer, nil, true, false},
	{Crash, "the process ends; N is 0: its connections are reset, 1: they end, without a word that nothing is missing",
		AtAnybody, []int{0, 1}, true, false},
	{PowerLoss, "the host falls silent", AtAnybody, nil, true, false},
	{Hang, "the process does nothing; its system still takes connections and bytes",
		AtAnybody, nil, true, false},
	{StallReader, "the process reads nothing from its connections", AtAnybody, nil, true, false},
	{ClockBack, "the node's wall clock is set back by N ms, and its process crashes and restarts",
		AtNode, []int{1, 100000, 100000000}, false, false},
	{LateTimer, "timers that were disarmed or armed anew still fire, with their old number",
		AtAnybody, nil, true, false},
	{FileChange, "a file is overwritten in place; N is 0: as long as before, 1: longer",
		AtNode, []int{0, 1}, false, true},
	{FileReplace, "a file is replaced by another", AtNode, []int{0, 1}, false, true},
	{FileShorten, "a file is cut in half", AtNode, nil, false, true},
	{FileDelete, "a file is deleted", AtNode, nil, false, true},
	{FileAppear, "a file appears under a name that the node did not have; N is 0: a small one, 1: another",
		AtNode, []int{0, 1}, false, true},
	{Opaque, "a file cannot be read; N is 0: the node may not, 1: it changes all the time",
		AtNode, []int{0, 1}, true, true},
	{Deaf, "nothing tells the node of changes on its disk: it looks every N ms",
		AtNode, []int{5000, 60000}, true, false},
	{BitRot, "bits of a file change without a trace in its size and times",
		AtNode, nil, false, true},
	{DiskHang, "the disk takes up to N ms to open a file, to examine a part or to commit a file",
		AtAnybody, []int{100, 15000}, true, false},
	{DiskError, "the disk fails; N is 0: on opening a file or examining a part, 1: on reading or on a commit",
		AtAnybody, []int{0, 1}, true, false},
	{DiskFull, "the client's disk takes only N bytes more; N is -1: it fails at the end of a stretch",
		AtClient, []int{0, 1, 70000, -1}, true, false},
	{SlowHash, "the node hashes N bytes a second", AtNode, []int{300000, 20000, 0}, true, false},
	{KillWriting, "the client's process is killed just before its Nth disk access",
		AtClient, []int{1, 2, 3, 4, 6, 9, 21}, true, false},
	{CutWriting, "the client's power fails just before its Nth disk access",
		AtClient, []int{3, 5, 6, 9, 21}, true, false},
	{Attack, "a stranger breaks the protocol as Name says", AtServer, nil, false, false},
	{Graceful, "the process is stopped gracefully, and started again after the fault",
		AtAnybody, nil, true, false},
	{Move, "the node's address changes, and its connections are lost without a word; N is 0: nobody gets the old address, 1: another node does",
		AtNode, []int{0, 1}, false, false},
	{Address, "of a host with an address of each family one dies; N is 0: the IPv4 one falls silent, 1: the IPv6 one, 2 and 3: the same are unreachable",
		AtServer, []int{0, 1, 2, 3}, true, false},
	{Middle, "somebody in the middle answers at the host's address, and passes on what comes; N is 0: with another key, 1: in plain",
		AtServer, []int{0, 1}, true, false},
	{NewKey, "the node's key is lost: its process crashes, and starts again with another",
		AtNode, nil, false, false},
	{Firewall, "nothing gets in at the node, and everything out; N is 0: dials are answered by nobody, 1: they are refused",
		AtNode, []int{0, 1}, true, false},
	{Revoke, "the owner of a closed relay revokes the host's key, and admits it again when the fault is over",
		AtAnybody, nil, true, false},
	{Drift, "a clock runs fast or slow", AtNobody, nil, false, false},
	{Liar, "a node or the relay does not keep to the protocol", AtNobody, nil, false, false},
	{SharedID, "two nodes have one id", AtNobody, nil, false, false},
	{Forgets, "a relay that ends keeps no mark of how many nodes it had", AtNobody, nil, false, false},
	{Lone, "a node on the relay's machine listens at the loopback address alone", AtNobody, nil, false, false},
	{Walled, "nobody can connect to a node, as behind a NAT: nothing answers", AtNobody, nil, false, false},
	{Heals, "hosts that were cut off are joined again", AtNobody, nil, false, false},
}

var classIndex = func() map[Class]int {
	index := map[Class]int{}
	for i := range Classes {
		index[Classes[i].Class] = i
	}
	return index
}()

// Info returns the row of the class. It panics if the class is not in the table.
func (c Class) Info() *ClassInfo { return &Classes[classIndex[c]] }
