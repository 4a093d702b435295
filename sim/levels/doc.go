// Package levels holds the levels of simulation above the world of package sim, as tests alone: the bubble, in
// which the real loops, servers and goroutines run over the network in memory on a virtual clock, and the sockets,
// where the same runs over TCP and shows what only TCP has. Below these, package sim replays exactly.
package levels
