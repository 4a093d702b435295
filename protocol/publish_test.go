package protocol

import "testing"

// TestOnlyNamesThatAreGoneComeAheadOfTheirTurn: a page that leads nowhere has no other changes, and
// none where nothing is held.
func TestOnlyNamesThatAreGoneComeAheadOfTheirTurn(t *testing.T) {
	gone, there := Entry{Name: "gone"}, Entry{Name: "there", Hash: Hash{1}}
	for _, test := range []struct {
		from, to uint64
		changes  []Entry
		good     bool
	}{
		{5, 5, nil, true}, {5, 5, []Entry{gone}, true}, {5, 5, []Entry{gone, there}, false}, {1, 1, []Entry{gone}, true}, {9, 9, []Entry{gone}, true}, {10, 10, nil, false},
		{0, 0, nil, true}, {0, 0, []Entry{gone}, false}, {5, 6, []Entry{there}, true}, {5, 6, []Entry{gone, there}, false},
	} {
		m := Publish{ID: PeerID{1}, Epoch: 1, Index: 1, From: test.from, To: test.to, Latest: 9, Changes: test.changes}
		if err := m.check(); (err == nil) != test.good {
			t.Errorf("from %d to %d with %d changes: %v", test.from, test.to, len(test.changes), err)
		}
	}
}

// TestABadEntryIsNeverSent: who reads leaves it out, and who sends is strict.
func TestABadEntryIsNeverSent(t *testing.T) {
	good, bad := Peer{Host: IP{192, 0, 2, 1}, Port: 1}, Peer{Host: IP{192, 0, 2, 1}}
	for _, m := range []Message{
		&Publish{ID: PeerID{1}, Epoch: 1, Index: 1, To: 1, Latest: 1, Changes: []Entry{{Name: "../a"}}},
		&Located{Peers: []Peer{good, bad}},
		&Listed{Items: []Item{{Name: "a", Hash: Hash{1}, Count: 1}, {Name: "a", Hash: Hash{1}}}},
		&Listed{Items: []Item{}, Peers: []Peer{good, bad}},
		&Listed{Items: []Item{}, Silent: 2, Named: []Peer{good, bad}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v is sent", m)
				}
			}()
			Append(nil, m)
		}()
	}
}
