// Package sim runs the machines of roles in simulated worlds, under every fault that somebody thought of, and says
// which promise broke.
//
// A [Scenario] is drawn first, as data: nodes, files, what is asked for, what goes wrong. [Run] carries it out in a
// [World]: one thread, virtual time, hosts with clocks and disks of their own, connections that are streams of
// bytes through the real codec. The same scenario always gives the same run, to the last byte of its trace. A run
// has four phases: safety under faults; everything heals and settles, and what is expected is exact; a graceful
// stop; nothing is left. What it checks stands in [Invariants], each with an id.
//
// A content is a number. Its bytes are never made; what the transport would hash is compared by that number, and the
// values of its groups are made up from it, under parents that are real. A node's share takes time to hash; a client's
// disk keeps what was written when its process is killed, and loses any part of what was not synced when the power fails.
//
// What fails is shrunk ([Shrink]) and printed with a plan that [Parse] reads back. Plans under testdata are
// replayed by the tests for ever.
//
// What is not simulated here: TCP itself (its retransmissions, its congestion control), the hashing of bytes, the real
// share and store on a disk, the loop that drives machines over real connections, and goroutines. The tests of package
// levels run that loop over an in-memory network in virtual time and over real sockets, and check less there, because
// nothing repeats exactly.
package sim
