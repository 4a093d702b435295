// Package levels holds the levels of simulation above the world of package sim, as tests only. The
// bubble runs the real loops, servers and goroutines over the network in memory on a virtual clock.
// The sockets run the same over TCP and show the effects that only TCP has. Neither repeats
// exactly; package sim does.
package levels
