package protocol

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawHash(t *rapid.T) Hash {
	return Hash(rapid.SliceOfN(rapid.Byte(), HashSize, HashSize).Draw(t, "hash"))
}

func drawName(t *rapid.T) string {
	return strings.Repeat("a", rapid.IntRange(1, 300).Draw(t, "length of the name"))
}

// Room returns the bytes that an entry or item takes in its page.
func TestRoomIsWhatTheLibraryWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := Entry{Name: drawName(t), Size: rapid.Uint64().Draw(t, "size"), Hash: drawHash(t)}
		if rapid.Bool().Draw(t, "gone") {
			e.Size, e.Hash = 0, Hash{}
		} else if rapid.Bool().Draw(t, "marked") {
			e.Hash, e.Mark = Hash{}, Pending
		}
		if !e.Removes() {
			e.Modified = rapid.Uint64().Draw(t, "modified")
		}
		if b, err := encMode.Marshal(&e); err != nil || len(b) != e.Room() {
			t.Fatalf("%v takes %d bytes, said were %d; %v", e, len(b), e.Room(), err)
		}
		item := Item{
			Name: drawName(t), Size: e.Size, Hash: e.Hash, Mark: e.Mark, Modified: e.Modified, Count: rapid.Uint64().Draw(t, "count"),
			Holders: rapid.SliceOfN(rapid.Uint64Range(0, MaxPage), 0, MaxHolders).Draw(t, "holders"),
		}
		if b, err := encMode.Marshal(&item); err != nil || len(b) != item.Room() {
			t.Fatalf("%v takes %d bytes, said were %d; %v", item, len(b), item.Room(), err)
		}
	})
}

// largestPeer returns one that takes PeerRoom.
func largestPeer() Peer {
	return Peer{Host: append(make(IP, 15), 1), Port: 1<<16 - 1, Also: IP{192, 0, 2, 1}, ID: PeerID{9}, Circuit: 1}
}

// fullListed returns a page without items in which everything else takes as much as it can.
func fullListed() *Listed {
	listed := &Listed{Cursor: make([]byte, CursorSize), Young: 1<<64 - 1, Publishing: 1<<64 - 1, Silent: 1<<64 - 1}
	for range MaxSilent {
		listed.Named = append(listed.Named, largestPeer())
	}
	return listed
}

// A page whose room is used up to the last byte can be sent, with whatever stands beside its items.
func TestAPageWithoutRoomCanBeSent(t *testing.T) {
	listed, long := fullListed(), Item{Name: longName(1020), Hash: Hash{1}, Count: 1}
	room := ListedRoom
	for ; room >= 2*long.Room(); room -= long.Room() {
		listed.Items = append(listed.Items, long)
	}
	for _, part := range []int{room / 2, room - room/2} {
		last := long
		last.Name = longName(len(long.Name) + part - long.Room())
		listed.Items = append(listed.Items, last)
		room -= last.Room()
	}
	if room != 0 {
		t.Fatalf("%d bytes of room are left", room)
	}
	Append(nil, listed) // panics if it is too long
}

// The fullest pages within the room can be sent: with long names, and with the largest number of
// short ones.
func TestAPageThatKeepsToTheRoomCanBeSent(t *testing.T) {
	for _, length := range []int{1, 18, 23, 255, 1000} {
		publish := &Publish{ID: PeerID{1}, Epoch: 1<<64 - 1, Index: 1<<64 - 1, From: MaxSequence - MaxPage, To: MaxSequence, Latest: MaxSequence}
		e := Entry{Name: longName(length), Size: MaxFile, Hash: Hash{1}, Modified: MaxModified - 1}
		for room := PublishRoom; room >= e.Room() && len(publish.Changes) < MaxPage; room -= e.Room() {
			publish.Changes = append(publish.Changes, e)
		}
		Append(nil, publish) // panics if it is too long

		listed := fullListed()
		item := Item{Name: longName(length), Size: MaxFile, Hash: Hash{1}, Count: 1<<64 - 1, Holders: []uint64{992, 993, 994, 995, 996, 997, 998, 999}, Modified: MaxModified - 1}
		room := ListedRoom
		for range MaxPage {
			room -= PeerRoom
			listed.Peers = append(listed.Peers, largestPeer())
		}
		for ; room >= item.Room() && len(listed.Items) < MaxPage; room -= item.Room() {
			listed.Items = append(listed.Items, item)
		}
		Append(nil, listed)
		if length <= 18 && len(listed.Items) < MaxPage {
			t.Errorf("names of %d bytes: only %d items in a page", length, len(listed.Items))
		}
	}
}

func longName(length int) string { return strings.Repeat("a/", MaxName)[:length-1] + "b" }
