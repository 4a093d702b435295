// Package transport carries conversations: it runs the machines of package roles over real
// connections.
//
// All waiting happens here. A [Loop] runs a machine from its first input to its end: it feeds
// events to the machine and carries out the effects. A [Server] accepts links and runs a machine on
// each. The connections come from a [Network]: [TCP] is real, [Memory] is for tests, [Refusing]
// refuses everything, and [TLS] is over any of them.
//
// Inputs wait in a mailbox. The goroutine that posts an input while no other steps the machine
// becomes the stepper: it empties the mailbox and carries the effects out. So one goroutine at a
// time touches a machine, its inputs keep their order, and an accepted link costs a single
// goroutine, its reader. A link is read on command only: one message, one range of content, or
// everything up to the end of stream. On Linux a link from which nothing is
// expected soon is parked when nothing has come for a while: its reader ends, and begins again when
// something comes.
//
// Content is received chunk group by chunk group (group for short, protocol.GroupSize bytes). Two
// goroutines take turns: one reads a group while the other hashes and stores the group before. A
// [Sink] gets verified groups only, in order. After a wrong group the rest of the range is read and
// dropped, so that the link stays in step.
//
// A relay's [Switch] joins two of its links to a circuit: each link's reader passes what comes on to the other
// link, by splice(2) where the system has that. The clients of circuits take turns to pass bytes. In a turn
// nothing waits for a peer, and outside of one a reader holds only what did not fit. TLS between the two peers
// is made over that, by [Authenticated], with the relay outside of it.
//
// The caller owes a Loop a machine that no other goroutine touches until Run or Serve returns, and
// callbacks that return soon. In return nothing is left behind: when Run, Serve or [Server.Serve]
// returns, its goroutines have ended, and its links and files are closed. Only a goroutine that
// hangs in a call of the disk is abandoned after roles.CloseTimeout; it cleans up when that call
// returns.
package transport
