// Package scale runs the machines of roles in large and quiet worlds: one relay, up to hundreds of thousands of
// nodes, hours of virtual time, and says what load the relay sees and how stale its answers are.
//
// [Run] carries out [Params] and returns [Figures]: how often nodes announce themselves (REGISTER and RENEW, counted
// as the relay hears them) in the mean, in the largest second of quiet time and in the largest second after each
// restart of the relay; the share of addresses handed out to clients whose node is gone; and how long it takes until
// everybody is listed again. The same parameters always give the same figures.
//
// The machines are the real ones: one relay.Registry, a pooled relay.Session for each link, a node.Membership for each
// node. What carries them is simpler than in package sim: a message arrives whole after the latency of its link,
// nothing is encoded, and links do not fail. What goes wrong is what goes wrong in quiet times: nodes that crash without a
// word, nodes that leave, nodes that come, and a relay that restarts and has forgotten everything.
package scale
