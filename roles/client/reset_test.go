package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

func TestAQueryThatIsResetIsAsANewOne(t *testing.T) {
	for _, ask := range []protocol.Message{&protocol.Locate{Name: "a.txt"}, &protocol.List{}, circuitTo(3)} {
		build := func() *client.Query { return client.NewQuery(relayAddress, ask) }
		rolestest.StartsOver(t, querySubject(ask), build, func(q *client.Query) { q.Reset(relayAddress, ask) }, nil)
	}
}

func TestAPipelineThatIsResetIsAsANewOne(t *testing.T) {
	for node, subject := range map[client.Node]rolestest.Subject{at(1): pipelineSubject(twoFiles), behind(3): relayedPipelineSubject(twoFiles)} {
		build := func() *client.Pipeline { return client.NewPipeline(node, twoFiles) }
		rolestest.StartsOver(t, subject, build, func(h *client.Pipeline) { h.Reset(node, twoFiles) }, nil)
	}
}

func TestASourceThatIsResetIsAsANewOne(t *testing.T) {
	f := made(11*group+5, 1)
	for node, subject := range map[client.Node]rolestest.Subject{at(1): sourceSubject(f), behind(3): relayedSourceSubject(f)} {
		rolestest.StartsOver(t, subject, func() *lonely { return newLonely(node, f) }, func(l *lonely) {
			next := newLonely(node, f)
			l.Reset(1, node, next.picker)
			l.picker, l.open = next.picker, false
		}, nil)
	}
}

// TestAFetchThatIsResetIsAsANewOne, but that it keeps its Sources, which are as new ones too.
func TestAFetchThatIsResetIsAsANewOne(t *testing.T) {
	spare := client.NewSource(0, client.Node{}, nil)
	several := request
	several.Sources = 2
	for w, f := range map[*client.Request]file{&request: made(group+5, 1), &several: made(roles.ManyGroups*group, 1)} {
		build := func() *client.Fetch { return client.NewFetch(*w) }
		rolestest.StartsOver(t, fetchSubject(*w, f), build, func(f *client.Fetch) { f.Reset(*w) }, spare)
		rolestest.StartsOver(t, relayedFetchSubject(*w, f), build, func(f *client.Fetch) { f.Reset(*w) }, spare)
		rolestest.StartsOver(t, aheadFetchSubject(*w, f), build, func(f *client.Fetch) { f.Reset(*w) }, spare)
	}
}

func TestAReaderThatIsResetIsAsANewOne(t *testing.T) {
	build := func() *client.Reader { return client.NewReader(relayAddress, "a.txt", protocol.Hash{}) }
	for _, subject := range []rolestest.Subject{readerSubject(), relayedReaderSubject()} {
		rolestest.StartsOver(t, subject, build, func(r *client.Reader) { r.Reset(relayAddress, "a.txt", protocol.Hash{}) }, nil)
	}
}

func TestAWayThatIsResetIsAsANewOne(t *testing.T) {
	rolestest.StartsOver(t, waySubject(), newWay, func(w *client.LoneWay) { w.Reset(theBroker, behind(3), rolestest.Ticket(8)) }, nil)
}
