package protocol

// A page of names is limited in bytes as well as in number, because names may be long. The sender
// of a PUBLISH or a LISTED adds up the sizes of its items and stops where the room ends.
const (
	PublishRoom = MaxControl - 128                                // bytes of entries in one PUBLISH
	ListedRoom  = MaxList - 1024                                  // bytes of items, and of PeerRoom for each peer, in one LISTED
	PeerRoom    = 1 + 1 + 1 + 16 + 1 + 3 + 1 + 1 + 4 + idRoom + 2 // bytes of a peer in one LISTED, at most
	hashRoom    = 1 + 2 + HashSize                                // bytes of a hash with its key
	idRoom      = 1 + 2 + PeerIDSize                              // bytes of an id with its key
)

// Room returns how many bytes the entry takes in a PUBLISH.
func (e *Entry) Room() int {
	room := 1 + 1 + headSize(uint64(len(e.Name))) + len(e.Name)
	if e.Size > 0 {
		room += 1 + headSize(e.Size)
	}
	if !e.Hash.IsZero() {
		room += hashRoom
	}
	if e.Mark > 0 {
		room += 1 + headSize(uint64(e.Mark))
	}
	if e.Modified > 0 {
		room += 1 + headSize(e.Modified)
	}
	return room
}

// Room returns how many bytes the item takes in a LISTED, with its holders but without their peers.
func (item *Item) Room() int {
	room := 1 + 1 + headSize(uint64(len(item.Name))) + len(item.Name) + 1 + headSize(item.Count)
	if !item.Hash.IsZero() {
		room += hashRoom
	}
	if item.Size > 0 {
		room += 1 + headSize(item.Size)
	}
	if item.Mark > 0 {
		room += 1 + headSize(uint64(item.Mark))
	}
	if item.Modified > 0 {
		room += 1 + headSize(item.Modified)
	}
	if len(item.Holders) > 0 {
		room += 1 + headSize(uint64(len(item.Holders)))
		for _, at := range item.Holders {
			room += headSize(at)
		}
	}
	return room
}

// headSize returns how many bytes appendHead appends.
func headSize(n uint64) int {
	switch {
	case n < 24:
		return 1
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	case n < 1<<32:
		return 5
	}
	return 9
}
