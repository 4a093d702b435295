package client_test

import (
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/story"
)

func TestWhateverHappensToAHaul(t *testing.T) {
	items := []client.Wanted{{Name: "a", Hash: story.Hash(1), Size: 10}, {Name: "b", Hash: story.Hash(2), Size: 10}}
	subject := story.NewSubject(client.HaulTable, roles.Started{}, func() story.Explorable { return client.NewHaul("192.0.2.1:5000", items) })
	subject.Says = []protocol.Message{
		&protocol.Content{Size: 10, Length: 10, Hash: story.Hash(1)}, &protocol.Content{Size: 10, Length: 10, Hash: story.Hash(2)},
		&protocol.Hashing{Done: 10, Size: 10}, &protocol.Hashing{Size: 10},
		refusal(protocol.Changed), refusal(protocol.NotFound), refusal(protocol.Draining),
	}
	nothing := story.NewSubject(client.HaulTable, roles.Started{}, func() story.Explorable { return client.NewHaul("192.0.2.1:5000", items[:1]) })
	nothing.Says = subject.Says
	subject.Cells = slices.DeleteFunc(subject.Cells, func(cell string) bool { return cell == "New/NothingToAsk" }) // its own test is below
	story.Explore(t, subject, nothing)
}

func fetchSubject(w client.Wish, f file) story.Subject {
	var free []*client.Fetch
	subject := story.NewSubject(client.FetchTable, roles.Started{}, func() story.Explorable {
		if len(free) == 0 {
			return client.NewFetch(w)
		}
		f := free[len(free)-1]
		free = free[:len(free)-1]
		f.Reset(w)
		return f
	})
	subject.Done = func(m story.Explorable) { free = append(free, m.(*client.Fetch)) }
	story.Within(&subject, client.QueryTable)
	story.Within(&subject, client.SourceTable)
	other := made(group+10, 2)
	subject.Says = []protocol.Message{
		&protocol.Located{Peers: peers(1, 2)}, &protocol.Located{Peers: peers(3), Cursor: []byte{1}}, &protocol.Located{},
		f.outboard(0), other.outboard(0), f.content(0, 1), f.content(1, 1), f.content(2, 2),
		refusal(protocol.NotFound), refusal(protocol.Changed),
	}
	var whole, some roles.Groups
	for g := range protocol.Groups(f.Size) {
		whole.Add(g)
	}
	some.Add(1)
	subject.Stores = []roles.Input{
		roles.StoreReady{}, roles.StoreReady{Has: some}, roles.StoreReady{Has: whole},
		roles.StoreChecking{Done: 1, Size: 2}, roles.StoreFailed{Text: "no space"},
	}
	subject.Visits = 2
	subject.Cells = slices.DeleteFunc(subject.Cells, func(cell string) bool { return cell == "New/Misnamed" }) // its own test is below
	return subject
}

func TestWhateverHappensToAFetch(t *testing.T) {
	several := wish
	several.Sources = 2
	story.Explore(t, fetchSubject(wish, made(group+5, 1)), fetchSubject(several, made(protocol.ManyGroups*group, 1)))
}
