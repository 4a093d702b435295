// Package scale runs the machines of roles in large and quiet worlds: one relay, up to a million
// nodes, hours of virtual time. It measures the load of the relay and how stale its answers are.
//
// [Run] carries out [Params] and returns [Figures]: the rate of announces (REGISTER and RENEW,
// counted at the relay) in the mean, in the largest second of quiet time and in the largest second
// after each restart of the relay; the share of addresses in answers whose node is gone; and the
// time until every node is listed again. The same parameters always give the same figures.
//
// The machines are real: one relay.Registry, a pooled relay.Session for each link, a
// node.Membership for each node. The network is simpler than in package sim: a message arrives
// whole after the latency of its link, nothing is encoded, and links do not fail. The only events
// are those of quiet times: nodes crash, leave and join, and the relay restarts with an empty
// registry.
package scale
