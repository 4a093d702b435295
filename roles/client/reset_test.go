package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

func TestAQueryThatIsResetIsAsANewOne(t *testing.T) {
	for _, ask := range []protocol.Message{&protocol.Locate{Name: "a.txt"}, &protocol.List{}} {
		build := func() *client.Query { return client.NewQuery(relayAddress, ask) }
		rolestest.StartsOver(t, querySubject(ask), build, func(q *client.Query) { q.Reset(relayAddress, ask) }, nil)
	}
}

func TestAPipelineThatIsResetIsAsANewOne(t *testing.T) {
	node := at(1)
	build := func() *client.Pipeline { return client.NewPipeline(node, twoFiles) }
	rolestest.StartsOver(t, pipelineSubject(twoFiles), build, func(h *client.Pipeline) { h.Reset(node, twoFiles) }, nil)
}

func TestASourceThatIsResetIsAsANewOne(t *testing.T) {
	f := made(11*group+5, 1)
	rolestest.StartsOver(t, sourceSubject(f), func() *lonely { return newLonely(f) }, func(l *lonely) {
		next := newLonely(f)
		l.Reset(1, at(1), next.picker)
		l.picker, l.open = next.picker, false
	}, nil)
}

// TestAFetchThatIsResetIsAsANewOne, but that it keeps its Sources, which are as new ones too.
func TestAFetchThatIsResetIsAsANewOne(t *testing.T) {
	spare := client.NewSource(0, client.Node{}, nil)
	several := request
	several.Sources = 2
	for w, f := range map[*client.Request]file{&request: made(group+5, 1), &several: made(roles.ManyGroups*group, 1)} {
		build := func() *client.Fetch { return client.NewFetch(*w) }
		rolestest.StartsOver(t, fetchSubject(*w, f), build, func(f *client.Fetch) { f.Reset(*w) }, spare)
	}
}

func TestAReaderThatIsResetIsAsANewOne(t *testing.T) {
	build := func() *client.Reader { return client.NewReader(relayAddress, "a.txt", protocol.Hash{}) }
	rolestest.StartsOver(t, readerSubject(), build, func(r *client.Reader) { r.Reset(relayAddress, "a.txt", protocol.Hash{}) }, nil)
}
