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
		{5, 5, nil, true}, {5, 5, []Entry{gone}, true}, {5, 5, []Entry{gone, there}, false},
		{0, 0, nil, true}, {0, 0, []Entry{gone}, false}, {5, 6, []Entry{there}, true}, {5, 6, []Entry{gone, there}, false},
	} {
		m := Publish{ID: NodeID{1}, Epoch: 1, Index: 1, From: test.from, To: test.to, Latest: 9, Changes: test.changes}
		if err := m.check(); (err == nil) != test.good {
			t.Errorf("from %d to %d with %d changes: %v", test.from, test.to, len(test.changes), err)
		}
	}
}
