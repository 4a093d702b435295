package transport_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// asked is a store that keeps what it is asked, with the seconds since the begin. Each answer takes
// a second.
type asked struct {
	heap
	begin time.Time
	err   error // of each Commit and Holds

	lock  sync.Mutex
	calls []string
}

func newAsked(err error) *asked { return &asked{begin: time.Now(), err: err} }

func (s *asked) call(ctx context.Context, name string, items ...int) error {
	at := time.Since(s.begin)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		name += " cut"
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.calls = append(s.calls, fmt.Sprint(name, items, " at ", at))
	return ctx.Err()
}

func (s *asked) String() string {
	slices.Sort(s.calls)
	return strings.Join(s.calls, ", ")
}

func (s *asked) Holds(ctx context.Context, item roles.InspectStore) (protocol.Hash, uint64, error) {
	err := s.call(ctx, "holds "+item.Name, item.Item)
	return protocol.Hash{byte(item.Item)}, 10, errors.Join(err, s.err)
}

func (s *asked) Open(ctx context.Context, want roles.OpenStore, _ func(done, size uint64)) (roles.Groups, bool, error) {
	return nil, false, s.call(ctx, "open", want.Item)
}

func (s *asked) Release(item int) { s.call(context.Background(), "release", item) }

func (s *asked) Commit(ctx context.Context, items ...roles.Placement) error {
	var numbers []int
	for _, item := range items {
		numbers = append(numbers, item.Item)
	}
	if err := s.call(ctx, "commit", numbers...); err != nil {
		return err
	}
	return s.err
}

// asking returns a machine that has some effects to begin with, and ends with the last of some
// answers or after a minute.
func asking(answers int, effects ...roles.Effect) *told {
	m := &told{}
	m.does = func(in roles.Input) []roles.Effect {
		if _, is := in.(roles.Started); is {
			return append(effects, roles.Arm{Number: 1, After: time.Minute})
		}
		answers--
		m.over = answers == 0
		return nil
	}
	return m
}

// What a store holds of an item, and what has been committed, is told, whether or not it failed.
func TestAStoreIsInspectedAndCommitted(t *testing.T) {
	no := errors.New("no room")
	commit := roles.CommitStore{Items: []roles.Placement{{Item: 3, Size: 1}, {Item: 4}}}
	for name, test := range map[string]struct {
		err  error
		held roles.Input
		came roles.StoreCommitted
	}{
		"well": {nil, roles.StoreInspected{Item: 5, Hash: protocol.Hash{5}, Size: 10},
			roles.StoreCommitted{Items: []roles.Placed{{Item: 3}, {Item: 4}}}},
		"badly": {no, roles.StoreFailed{Item: 5, Err: no},
			roles.StoreCommitted{Items: []roles.Placed{{Item: 3, Err: no}, {Item: 4, Err: no}}}},
		"in part": {transport.Misplaced{4: no}, nil,
			roles.StoreCommitted{Items: []roles.Placed{{Item: 3}, {Item: 4, Err: no}}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, store := asking(2, roles.InspectStore{Item: 5, Name: "file"}, commit), newAsked(test.err)
				(&transport.Loop{Store: store}).Run(t.Context(), nil, m)
				if got := store.String(); got != "commit[3 4] at 0s, holds file[5] at 0s" {
					t.Error(got)
				}
				for _, in := range m.inputs[1:] {
					switch in := in.(type) {
					case roles.StoreInspected:
						if in != test.held {
							t.Errorf("%+v", in)
						}
					case roles.StoreFailed:
						if !errors.Is(in.Err, test.err) && test.held != nil || in.Item != 5 {
							t.Errorf("%+v", in)
						}
					case roles.StoreCommitted:
						if !slices.EqualFunc(in.Items, test.came.Items, func(x, y roles.Placed) bool { return x == y }) {
							t.Errorf("%+v", in)
						}
					default:
						t.Errorf("%+v", in)
					}
				}
			})
		})
	}
}

// What is asked of an item is asked in order, one at a time; items do not wait for each other.
func TestAStoreIsAskedAboutAnItemInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newAsked(nil)
		m := asking(4,
			roles.OpenStore{Item: 1}, roles.ReleaseStore{Item: 1}, roles.OpenStore{Item: 1},
			roles.OpenStore{Item: 2}, roles.CommitStore{Items: []roles.Placement{{Item: 1}, {Item: 2}}})
		(&transport.Loop{Store: store}).Run(t.Context(), nil, m)
		want := "commit[1 2] at 3s, open[1] at 0s, open[1] at 2s, open[2] at 0s, release[1] at 1s"
		if got := store.String(); got != want {
			t.Error(got)
		}
	})
}

// A machine that is cut off does not wait for its store, whose calls hear so.
func TestACommitHearsThatItsMachineIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newAsked(nil)
		ctx, cut := context.WithTimeout(t.Context(), time.Second/2)
		defer cut()
		m := asking(1, roles.CommitStore{Items: []roles.Placement{{Item: 1}}}, roles.ReleaseStore{Item: 1})
		if err := (&transport.Loop{Store: store}).Run(ctx, nil, m); !errors.Is(err, context.DeadlineExceeded) || len(m.inputs) != 1 {
			t.Errorf("%v, %v", err, m)
		}
		if got := store.String(); got != "commit cut[1] at 0s, release[1] at 500ms" {
			t.Error(got)
		}
	})
}

// Without a store there is nothing of an earlier try, and nothing can be committed.
func TestWithoutAStoreNothingIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := asking(2, roles.InspectStore{Item: 5}, roles.ReleaseStore{Item: 5}, roles.CommitStore{Items: []roles.Placement{{Item: 5}}})
		(&transport.Loop{}).Run(t.Context(), nil, m)
		held, is := m.inputs[1].(roles.StoreInspected)
		done, also := m.inputs[2].(roles.StoreCommitted)
		if !is || !also || !held.Hash.IsZero() || len(done.Items) != 1 || done.Items[0].Err == nil {
			t.Errorf("%+v", m.inputs)
		}
	})
}
