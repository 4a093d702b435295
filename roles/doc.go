// Package roles is the kit that relay, node and client are made of: explicit state machines that are told
// things and ask for things, and never wait.
//
// A [Machine] has one method: Step takes the moment and an [Input] (what happened) and returns [Effect]s (what
// should be done). Whoever drives it carries the effects out and tells it what came of them: package transport
// does so over real connections, package sim in a simulated world. One machine serves one conversation:
//
//	relay.Session     an accepted link at a relay
//	node.Membership   a node's lease at one relay
//	node.Upload       an accepted link at a node
//	client.Fetch      one wanted file; within it
//	client.Query      what a client asks of a relay, and
//	client.Source     a client's visit to one node
//	client.Pipeline       many small files from one node
//
// Each is governed by one [Table]: in this state, on this event, go there, because. What the table does not
// allow does not happen; a peer that tries gets ERROR(unexpected) and loses the link.
//
// What a machine has to tell its owner is a [Report] of one of these outcomes, and no other:
//
//	node.Leased, node.ExchangeFailed, node.Displaced, node.Left, node.Published, node.Served
//	client.Locating, client.Begun, client.Checking, client.Hashing, client.Had, client.Tried, client.Result
//	client.Page, client.QueryResult, client.Answered, client.Learned, client.Visited
//
// What you owe a machine: one owner at a time; each effect carried out in order; inputs for a link only between
// its Opened and its HangUp; exactly one of Heard, Malformed, PeerEnded or Lost after each Hear; and time that does
// not run backwards. In return Step never blocks, keeps no reference to what it was given, starts nothing, reads
// no clock and draws no random number: the same inputs give the same effects.
package roles
