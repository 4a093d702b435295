// Package transport carries conversations: it runs the machines of package roles over real connections.
//
// Everything that waits is here. A [Loop] takes one machine through its life: it tells it what happens and does
// what it asks for. A [Server] accepts links and runs a machine on each. What they run over is behind a seam,
// [Network], with three makes: [TCP] for the world, [Memory] for tests, [Refusing] for nothing.
//
// Inputs wait in a mailbox, and whichever goroutine brings one while nobody is at work steps the machine and
// carries the effects out; so a machine is touched by one goroutine at a time, its inputs keep their order, and
// an accepted link costs a single goroutine, the one that reads from it. A link is read on command only: one
// message, one stretch of content, or whatever still comes.
//
// Content is received group by group. Two goroutines take turns: one reads a group while the other hashes the one before
// and has it stored; a [Sink] gets what is verified, in order, and nothing else. A group that is wrong ends that: what is
// left of the stretch is read and dropped, so that the link stays in step.
//
// What you owe it: a machine that nobody else touches until Run or Serve returns, and callbacks that return soon.
// In return nothing is left behind: when Run, Serve or [Server.Serve] returns, its goroutines have ended, its
// links are closed, and so are its files. Only what hangs in the disk is left to itself, after
// roles.CloseTimeout, and tidies up when the disk lets it go.
package transport
