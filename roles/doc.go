// Package roles is the kit that relay, node and client are made of: explicit state machines that
// take inputs, return effects, and never wait.
//
// [Machine.Step] takes the moment and an [Input] (an event) and returns [Effect]s (requests). The
// driver carries the effects out and feeds their results back as inputs: package transport does so
// over real connections, package sim in a simulated world. One machine serves one conversation:
//
//	relay.Session     an accepted link at a relay
//	node.Membership   a node's lease at one relay
//	node.Renewal      within it, a renewal over the other family of addresses
//	node.Await        within it, the link on which the relay tells who comes through it
//	node.Upload       an accepted link at a node, or the node's end of a circuit
//	client.Fetch      one wanted file; within it
//	client.Query      a client's requests to a relay, and
//	client.Source     a client's requests to one node, for one file
//	client.Pipeline   many small files from one node
//	client.Way        a link to a node that cannot be dialed, through the relay: within a Source or a Pipeline
//	client.Reader     one file that is read at any place: a Query or a Source at a time
//	client.Gather     many files from many nodes: Pipelines, and Fetches for the rest
//
// Each is governed by one [Table]: in this state, on this event, go there, because. A transition
// that the table does not have cannot happen; a peer that sends a message which it does not allow
// gets ERROR(unexpected) and loses the link. Content is counted in chunk groups, or groups: the
// stretches of protocol.GroupSize bytes that are verified as one.
//
// A machine tells its owner a [Report] of one of these outcomes, and no other:
//
//	node.Leased, node.Moved, node.ExchangeFailed, node.Hopeless, node.Displaced, node.Left, node.Published, node.Served
//	node.Awaiting, node.Invited
//	client.Locating, client.Begun, client.Checking, client.Hashing, client.Had, client.Tried, client.Relayed,
//	client.Result
//	client.Page, client.QueryResult, client.Answered, client.Gathered, client.Learned, client.Visited
//	client.Pinned, client.Unread
//	roles.Met, roles.Entered
//
// The driver owes a machine: one owner at a time; each effect carried out in order; inputs for a
// link only between its Opened and its HangUp; exactly one of Heard, Malformed, PeerEnded or Lost
// after each Hear; and time that does not run backwards. In return Step never blocks, keeps no
// reference to its inputs, starts nothing, reads no clock and draws no random number: the same
// inputs give the same effects.
package roles
