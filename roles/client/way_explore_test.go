package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// behind is a node that is reached through the relay.
func behind(n byte) client.Node { return client.Node{ID: rolestest.Node(n)} }

// behinds are nodes as the relay names them that cannot be dialed.
func behinds(ids ...byte) (peers []protocol.Peer) {
	for _, n := range ids {
		peers = append(peers, protocol.Peer{ID: rolestest.Node(n), Circuit: 1})
	}
	return peers
}

func circuitTo(n byte) *protocol.Circuit { return &protocol.Circuit{Node: rolestest.Node(n)} }

// grants is the answer to a CIRCUIT.
func grants() *protocol.Opened { return &protocol.Opened{Ticket: rolestest.Ticket(5)} }

// grantsFew is the same, where hardly anything may pass.
func grantsFew() *protocol.Opened {
	return &protocol.Opened{Ticket: rolestest.Ticket(5), Bytes: 999}
}

// refuses is what a relay says when it does not make a circuit, or when nobody comes.
func refuses(code protocol.Code) *protocol.Error {
	return &protocol.Error{Code: code, By: protocol.Relay, Text: "the relay says " + code.String()}
}

var theBroker = client.Broker{Relay: relayAddress, ID: rolestest.Node(9)}

func newWay() *client.LoneWay {
	return client.NewLoneWay(theBroker, behind(3), rolestest.Ticket(8))
}

// wayWords are the messages that matter to a Way and its Query.
var wayWords = []protocol.Message{grants(), grantsFew(), &protocol.Joined{}, refuses(protocol.PeerGone), refuses(protocol.Busy)}

// withWay adds what the relay says on the way to a node to what is said to a machine.
func withWay(subject rolestest.Subject) rolestest.Subject {
	rolestest.Within(&subject, client.WayTable())
	rolestest.Within(&subject, client.QueryTable())
	subject.Says = append(subject.Says, wayWords...)
	return subject
}

func waySubject() rolestest.Subject {
	return withWay(rolestest.NewSubject(client.WayTable(), roles.Started{}, func() rolestest.Explorable { return newWay() }))
}

func relayedSourceSubject(f file) rolestest.Subject {
	subject := withWay(sourceSubject(f))
	subject.New = func() rolestest.Explorable { return newLonely(behind(3), f) }
	return subject
}

func relayedPipelineSubject(items []client.Wanted) rolestest.Subject {
	subject := withWay(pipelineSubject(items))
	subject.New = func() rolestest.Explorable { return client.NewPipeline(behind(3), items) }
	return subject
}

func relayedFetchSubject(w client.Request, f file) rolestest.Subject {
	subject := withWay(fetchSubject(w, f))
	one := protocol.Peer{Host: protocol.IP{192, 0, 2, 1}, Port: 5000, ID: rolestest.Node(4), Circuit: 1} // both ways
	subject.Says[0] = &protocol.Located{Peers: append(behinds(3), one)}
	subject.Visits = 1
	return subject
}

func relayedReaderSubject() rolestest.Subject {
	subject := withWay(readerSubject())
	subject.Says[0] = &protocol.Located{Peers: behinds(3, 4)}
	subject.Visits = 1
	return subject
}

func TestWhateverHappensToAWay(t *testing.T) {
	rolestest.Explore(t, waySubject(), aheadWaySubject(grants()))
}
