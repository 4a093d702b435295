// Package conversation is the data and the replay of whole exchanges: what both sides of each link
// say, byte by byte, and how it closes. The files are protocol/testdata/conversations, and SPEC
// "Conversations" has their format, so that an implementation in any language can be held to them.
// The scripts of this package write them, from typed messages; its tests replay them, as they are
// in the files, against a relay, a node and a client of package peer.
package conversation
