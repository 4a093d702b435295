package client_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

var twoFiles = []client.Wanted{{Name: "a", Hash: rolestest.Hash(1), Size: 10}, {Name: "b", Hash: rolestest.Hash(2), Size: 10}}

func pipelineSubject(items []client.Wanted) rolestest.Subject {
	subject := rolestest.NewSubject(client.PipelineTable(), roles.Started{}, func() rolestest.Explorable { return client.NewPipeline(at(1), items) })
	subject.Says = []protocol.Message{
		&protocol.Content{Size: 10, Length: 10, Hash: rolestest.Hash(1)}, &protocol.Content{Size: 10, Length: 10, Hash: rolestest.Hash(2)},
		&protocol.Hashing{Done: 10, Size: 10}, &protocol.Hashing{Size: 10},
		refusal(protocol.Changed), refusal(protocol.NotFound), refusal(protocol.Draining),
	}
	return subject
}

func TestWhateverHappensToAPipeline(t *testing.T) {
	subject, nothing := pipelineSubject(twoFiles), pipelineSubject(twoFiles[:1])
	empty := rolestest.NewSubject(client.PipelineTable(), roles.Started{}, func() rolestest.Explorable {
		return client.NewPipeline(at(1), []client.Wanted{{Name: "a", Hash: made(0, 1).Hash}, {Name: "b", Hash: made(0, 1).Hash}})
	})
	empty.Says = []protocol.Message{&protocol.Content{Hash: made(0, 1).Hash}}
	subject.Cells = slices.DeleteFunc(subject.Cells, func(cell string) bool { return cell == "New/NothingToAsk" }) // its own test is below
	rolestest.Explore(t, subject, nothing, empty, relayedPipelineSubject(twoFiles))
}

func fetchSubject(w client.Request, f file) rolestest.Subject {
	subject := rolestest.NewSubject(client.FetchTable(), roles.Started{}, nil)
	rolestest.Reused(&subject, func() *client.Fetch { return client.NewFetch(w) }, func(f *client.Fetch) { f.Reset(w) })
	rolestest.Within(&subject, client.QueryTable())
	rolestest.Within(&subject, client.SourceTable())
	other := made(group+10, 2)
	subject.Says = []protocol.Message{
		&protocol.Located{Peers: peers(1, 2)}, &protocol.Located{Cursor: []byte{1}}, &protocol.Located{},
		f.outboard(0), other.outboard(0), f.content(0, 1), f.content(1, 1), f.content(2, 2),
		refusal(protocol.NotFound), refusal(protocol.Changed), busyFor(time.Second),
	}
	var whole, some roles.Groups
	for g := range protocol.Groups(f.Size) {
		whole.Add(g)
	}
	some.Add(1)
	subject.Stores = []roles.Input{
		roles.StoreReady{}, roles.StoreReady{Has: some}, roles.StoreReady{Has: whole},
		roles.StoreChecking{Done: 1, Size: 2}, roles.StoreFailed{Err: errors.New("no space")},
	}
	subject.Inspected = []roles.Input{roles.StoreInspected{}, roles.StoreInspected{Hash: f.Hash, Size: f.Size}, roles.StoreFailed{Err: errors.New("no disk")}}
	subject.Visits = 2
	subject.Cells = slices.DeleteFunc(subject.Cells, func(cell string) bool { return cell == "New/Misnamed" }) // its own test is below
	return subject
}

func TestWhateverHappensToAFetch(t *testing.T) {
	several := request
	several.Sources = 2
	beside := fetchSubject(several, made(roles.ManyGroups*group, 1))
	beside.Visits = 1 // links that close beside two others make many situations
	rolestest.Explore(t, fetchSubject(request, made(group+5, 1)), beside, relayedFetchSubject(request, made(group+5, 1)), aheadFetchSubject(request, made(group+5, 1)))
}
