package main

import (
	"context"
	"strings"
)

// measure is something that the table has one or more rows about.
type measure struct {
	name  string // what --only matches
	about string
	run   func(context.Context, *lab) ([]row, error)
}

// The measures, in the order of the table.
var measures = []measure{
	{"fetch", "a large file to a file, from one node", measureFetch},
	{"memory", "a larger file, to see whether memory grows", measureMemory},
	{"disk", "the same to a disk, until it is safe there", measureDisk},
	{"far", "a large file over a long way", measureFar},
	{"trips", "the round trips of a fetch", measureTrips},
	{"crowd", "many clients at one node", measureCrowd},
	{"many", "many small files into a folder", measureMany},
	{"first", "the first byte of a very large file", measureFirst},
	{"restart", "a node that starts again over many files", measureRestart},
	{"huge", "a node of very many files (only with --huge)", measureHuge},
	{"listed", "a list of very many names", measureListed},
	{"tls", "a large file, and many small ones, over TLS", measureTLS},
	{"open-read", "a large file that stays with its node and is read, over TLS", measureOpenRead},
	{"gateway", "a large file through a gateway, seeks, players, and the pages of very many names", measureGateway},
	{"trust", "what links that prove ids cost a relay", measureTrust},
	{"circuits-fetch", "a large file through the relay, and what that costs it", overCircuits(fetchByCircuit)},
	{"circuits-trips", "the round trips of a fetch through the relay", overCircuits(tripsByCircuit)},
	{"circuits-rest", "circuits over which nothing passes", overCircuits(restingCircuits)},
	{"circuits-await", "nodes that wait for clients at the relay", overCircuits(awaitingNodes)},
	{"circuits-fair", "many circuits that carry at once", overCircuits(fairCircuits)},
	{"relay-load", "a relay that strangers ask for lists all the time", measureLoad},
	{"locate", "a name among many at the relay, and their memory", measureLocate},
}

func names() string {
	var all []string
	for _, m := range measures {
		all = append(all, m.name)
	}
	return strings.Join(all, ", ")
}
