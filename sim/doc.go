// Package sim runs the machines of roles in simulated worlds, under every fault that we could
// think of, and reports the promise that breaks.
//
// # Levels
//
// The machines take no time, no random numbers and no bytes by themselves. So the same code runs
// at three levels, and each level finds faults that the others cannot:
//
//   - the world, this package: the machines, the registry and the codec, over connections that
//     are streams of bytes with windows, half-closes and resets. One goroutine, virtual time.
//     Every order of events and every fault; a run repeats to the last byte of its trace.
//   - the bubble, package levels: in addition package peer and the loop that drives the
//     machines, their goroutines and deadlines, over a network in memory on virtual time. Data
//     races, leaks, blocked writes.
//   - sockets, package levels: in addition TCP. The cost of a close with unread input.
//
// No level simulates the loss and congestion below TCP, a lack of memory, a disk that lies after
// a sync, or the hashing of real bytes. The tests of package transport use real files.
//
// # Worlds
//
// A [scenario.Scenario] is drawn first, as data: hosts, files, operations, faults. [Run] carries
// it out in a [World]. A run has four phases: faults; healing, after which the world converges
// within a bound that follows from the parameters; a graceful stop; the check that nothing is
// left.
//
// A content is a number. Its bytes are computed only where they are read, and its chunk groups
// have made-up chaining values under real parents, so that the machines verify real slices of
// real trees. Hashing takes time. A disk keeps all writes when a process is killed, and loses
// any part of the unsynced ones when the power fails; a process can die between any two disk
// accesses.
//
// A circuit is two connections that the relay splices: what arrives at one end is passed on at the
// other as its window allows. The TLS between the far ends is one hello each way, with a key that
// nobody but its owner says.
//
// The files of this package have prefixes: check_ for the promises, liar_ for peers that break
// the protocol, net_ for the network, disk_ for disks. Files without a prefix are the world
// itself.
//
// # Promises
//
// Every run is checked against [Invariants]. S holds at every moment, L after healing, C after
// the stop. C4, that no goroutine is left, is for the tests of package levels.
//
//   - S0: no machine panics: no message of a peer leads to an event without a row
//   - S1: a fetched file has the hash of its result, despite liars and flipped bits, and the hash
//     of the request if it has one; among honest nodes it is byte for byte a content that a node
//     had under that name, never a mix of two
//   - S2: not found means that every listed node was asked and answered not-found, that the relay
//     was not young and withheld none, and that no listed node that has told the relay of its
//     share since it noticed such a file has one; too early means that a node is indexing, or the
//     relay young
//   - S3: a relay hands out no lease that has been silent for longer than its TTL
//   - S4: the registry holds exactly the newest live registration of each node id, and answers
//     accordingly
//   - S5: an operation has one result
//   - S6: nothing is sent on a link after its half-close, no effect concerns a link after its
//     HangUp, and no effect follows the end of a machine
//   - S7: a fetch never has more connections that it has not half-closed than its sources, or
//     roles.MaxBeside beside slow ones, one in the reference mode, and never roles.MaxClosing more
//     when it dials; it has its result when all are closed, and a final machine has none
//   - S8: a message that the table does not allow is answered with ERROR and the link is closed,
//     as after every ERROR whose code closes; among honest peers on sound links there is no such
//     message
//   - S9: buffers, queues and memory stay within their bounds
//   - S10: a result names, with a code, each node that was asked and did not deliver
//   - S11: a file under its final name is whole and has a requested content, whenever the process
//     is killed or the power fails
//   - S12: no group is requested that is already there, from an earlier try or from another node,
//     or because whoever reads the file has it
//   - S13: a node that sends a wrong group costs that one group and is not asked again in this
//     fetch, unless its next answer says that its file changed; no honest node is taken for a liar
//   - S14: a fetch delivers one content: the pinned one if there is one, and the first one once
//     bytes of it cannot be taken back
//   - S15: LOCATE and LIST return exactly the published indexes: first the holders, then the nodes
//     whose index is not complete, and no node whose complete index lacks the file; a bad name
//     among others costs that name alone
//   - S16: a file that is reported as fetched is durable under its name: no power loss takes it
//     away
//   - S17: a fetch does not give up the part that an earlier try left for another content before
//     it has asked every listed node that may have the content of the part
//   - S18: of many files no node is asked again over a link for many after it failed on one, and
//     nothing that has come is received a second time
//   - S19: what is read at any place of a file is of the content that was pinned when it was
//     opened
//   - S20: a fetched file has the modification time and the executable bit that a node's file with
//     its content has
//   - S21: a relay that was restarted and has kept how many nodes it had says on each page that it
//     is young, until as many are back or a TTL is over; no other does
//   - S22: nodes that belong into an answer to LOCATE and that the client cannot reach are
//     counted, and not named
//   - S23: a lease is granted, renewed, published to and ended over links alone that have proven its
//     id; and a machine that knows which peer it dials expects its id
//   - S24: a closed relay says nothing but denied, and the answer to ENTER, to a peer that it has not
//     admitted; a token admits those who have its invite, and no more keys than its uses; nobody who
//     was told that he is admitted is lost
//   - S25: the long answers that a relay has on their way stay within their bound, whoever reads
//     them, and the room of each is free once it has been taken or its link is gone
//   - S26: from one node no more groups are under way than three times those that have come from
//     it, and two, and for one file no more than roles.MaxUnderway: so much at most a node can waste
//   - S27: a relay takes an address for one where a node can be reached if the node has answered it
//     there, and dials no other than the one that has asked; where a proof has failed nobody is sent,
//     and of which none has succeeded yet comes last
//   - S28: a node sends no more bodies at once than it has turns, but for those that have
//     lapsed, and each turn, and the wait for one, is ended once its body has been sent or is
//     not to be, whatever becomes of the link; no body waits in vain while there is one that it
//     may have
//   - S29: a node that says that it is busy is left alone for as long as it asks, or for
//     roles.RetryMost
//   - S30: a ticket is good once, and for one end of a circuit, which the client has that it was
//     opened to, and the node that was invited; JOINED is said to both once both have come, and
//     both go when one does; no more passes than was granted, nor longer than while something
//     does, and there are no more circuits than the limits say; an AWAIT is answered once, in
//     its time, at once if somebody comes, and a node whose link is gone is reached no more; a
//     node that has lost a link on which it was answered makes another within roles.AwaitSoon,
//     once in roles.AwaitRetry; a client asks for a circuit behind LOCATED where that names no
//     node that can be dialed, and to one of those named; and whoever secures a circuit expects
//     the id that was asked for
//   - S31: a client whose circuit was refused, or cut, says so with the code and the words of
//     the relay, which names the limit that is used up, and until when; and asked again in time,
//     the relay says why it has cut the circuit before
//   - S32: what an operation asks for over its circuits, and what passes beside that, fits in what
//     the relay has said may pass: none is cut for its bytes whose operation alone has circuits at
//     its address; and one file comes over one circuit from a node at a time
//   - L1: an operation ends within its bound
//   - L2: after healing, the registry equals the living nodes
//   - L3: after healing, a file is found if and only if a listed node has it
//   - L4: after healing, the relay's index equals the shares of the listed nodes
//   - L5: where nothing goes wrong but that one link of a client to a node is reset, or one to the
//     relay, each file comes, and each question is answered, also through the relay unless the
//     node has just lost the link on which it awaits clients
//   - L6: a node that hears that a file which has rotted is wrong publishes what it is now, or
//     nothing
//   - L7: nodes that hash for ever, or trickle, or do not end their links, keep no client from a
//     node that delivers for longer than their turns take
//   - L9: a client gets its list, although strangers ask for lists and do not read them
//   - L12: where nothing goes wrong but that one of two addresses of a host is dead, each file
//     comes, and each question is answered
//   - L13: where nothing goes wrong but that nodes, which send few bodies at once, are busy,
//     each file comes
//   - C1: after the stop, both ends of every connection are closed
//   - C2: after the stop, every machine is final by itself and has no timer
//   - C3: after its nodes have stopped, a relay lists none, and none awaits clients; after all
//     have, it has no circuits
//   - C5: a stop works from every state; in a sound world it takes less than roles.DrainTimeout
//
// Three more are about the tests themselves: the same seed gives the same trace; every row of
// every table, every kind of message that a state does not allow, every class of faults and
// every [Counter] occurs; every planted bug is found.
//
// # Faults
//
// [scenario.Classes] has a number N for many classes, and a file for some.
//
//   - delay: data from and to the host arrives up to N ms later, in order on each connection
//   - reorder: each connection of the host has a delay of its own, up to N ms
//   - split: data arrives in pieces, up to N ms apart
//   - coalesce: data that is sent within N ms arrives together
//   - slow: the host sends and receives N bytes a second
//   - partition: the network holds up everything between the two hosts until it heals
//   - one-way: the network holds up everything from the one host to the other until it heals
//   - black-hole: the next connection from the one host to the other vanishes at its Nth byte:
//     nothing passes any more, and neither end learns of it
//   - reset: the next connection from the one host to the other is reset at its Nth byte, from
//     either end
//   - bit-flip: one bit of the Nth byte from the one host to the other is flipped
//   - refuse: the host refuses connections
//   - no-route: the host is unreachable, and dials fail at once
//   - busy: the host is full and answers each new connection with ERROR(busy); a relay ends its circuits
//   - crash: the process ends; N is 0: its connections are reset, 1: they end, without a word that
//     nothing is missing
//   - power-loss: the host falls silent
//   - hang: the process does nothing; its system still takes connections and bytes
//   - stall-reader: the process reads nothing from its connections
//   - clock-back: the node's wall clock is set back by N ms, and its process crashes and restarts
//   - late-timer: timers that were disarmed or armed anew still fire, with their old number
//   - file-change: a file is overwritten in place; N is 0: as long as before, 1: longer
//   - file-replace: a file is replaced by another
//   - file-shorten: a file is cut in half
//   - file-delete: a file is deleted
//   - file-appear: a file appears under a name that the node did not have; N is 0: a small one, 1:
//     another
//   - opaque: a file cannot be read; N is 0: the node may not, 1: it changes all the time
//   - deaf: nothing tells the node of changes on its disk: it looks every N ms
//   - bit-rot: bits of a file change without a trace in its size and times
//   - disk-hang: the disk takes up to N ms to open a file, to examine a part or to commit a file
//   - disk-error: the disk fails; N is 0: on opening a file or examining a part, 1: on reading or
//     on a commit
//   - disk-full: the client's disk takes only N bytes more; N is -1: it fails at the end of a
//     stretch
//   - slow-hash: the node hashes N bytes a second
//   - kill-writing: the client's process is killed just before its Nth disk access
//   - cut-writing: the client's power fails just before its Nth disk access
//   - attack: a stranger breaks the protocol as Name says
//   - stop: the process is stopped gracefully, and started again after the fault
//   - move: the node's address changes, and its connections are lost without a word; N is 0:
//     nobody gets the old address, 1: another node does
//   - address: of a host with an address of each family one dies; N is 0: the IPv4 one falls
//     silent, 1: the IPv6 one, 2 and 3: the same are unreachable
//   - middle: somebody in the middle answers at the host's address, and passes on what comes; N is
//     0: with another key, 1: in plain
//   - new-key: the node's key is lost: its process crashes, and starts again with another
//   - firewall: nothing gets in at the node, and everything out; N is 0: dials are answered by
//     nobody, 1: they are refused
//   - revoke: the owner of a closed relay revokes the host's key, and admits it again when the fault is
//     over
//   - drift: a clock runs fast or slow
//   - liar: a node or the relay does not keep to the protocol
//   - shared-id: two nodes have one id
//   - forgets: a relay that ends keeps no mark of how many nodes it had
//   - lone: a node on the relay's machine listens at the loopback address alone
//   - walled: nobody can connect to a node, as behind a NAT: nothing answers
//   - heal: hosts that were cut off are joined again
//
// # Reading a failure
//
// [Explain] prints the promise and the observation, a command that replays the run, the shrunk
// scenario, and the end of its trace. Read it from below: the last lines of the trace are the
// event that broke the promise; the operations and faults of the scenario say how the run got
// there. Keep the scenario as a file under testdata, and the tests replay it forever.
//
// A line of a trace is the virtual time in seconds, the host, and the event; events of a
// connection end with the other host and the number of the connection. In a scenario c0 is the
// first client, n0 the first node; "relay" is the relay, "probe" the client that asks for all
// files after healing, "x" the stranger of an attack.
//
//	go run ./cmd/simulate -n 100000      runs seeds, and stops at the first failure
//	go run ./cmd/simulate --seed 7       runs one seed
//	go run ./cmd/simulate --plan FILE    runs a scenario in its text form
//	                      --trace        and prints everything that happens
//	                      --diagram      and draws it with Mermaid
package sim
