package relay

// arena keeps names, each once, in blocks that never move and hold no pointer. A name is known by where it starts, in
// units of arenaUnit bytes; its length is its owner's to know. What is given back is used again, cut up if need be.
type arena struct {
	blocks []*[arenaBlock]byte
	top    uint32                  // units in use or given back, of all blocks
	spare  [arenaClasses]arenaList // of pieces given back, by their units
}

const (
	arenaUnit    = 8
	arenaBlock   = 1 << 18
	arenaClasses = 1024/arenaUnit + 1 // names have up to protocol.MaxName bytes
	arenaPerPage = arenaBlock / arenaUnit
)

// arenaList is a stack of pieces that were given back.
type arenaList []uint32

func units(length int) uint32 { return uint32(length+arenaUnit-1) / arenaUnit }

// at returns the bytes of a name.
func (a *arena) at(where uint32, length int) []byte {
	from := int(where%arenaPerPage) * arenaUnit
	return a.blocks[where/arenaPerPage][from : from+length : from+length]
}

// keep stores a name.
func (a *arena) keep(name string) uint32 {
	where := a.take(units(len(name)))
	copy(a.at(where, len(name)), name)
	return where
}

// take finds room: a piece of that size, or the smallest larger one, whose rest is given back, or new room.
func (a *arena) take(need uint32) uint32 {
	for class := need; class < arenaClasses; class++ {
		if n := len(a.spare[class]); n > 0 {
			where := a.spare[class][n-1]
			a.spare[class] = a.spare[class][:n-1]
			a.give(where+need, class-need)
			return where
		}
	}
	if left := uint32(len(a.blocks))*arenaPerPage - a.top; left < need {
		a.give(a.top, left) // no name lies across two blocks
		a.top = uint32(len(a.blocks)) * arenaPerPage
		a.blocks = append(a.blocks, new([arenaBlock]byte))
	}
	where := a.top
	a.top += need
	return where
}

// free gives a name's room back.
func (a *arena) free(where uint32, length int) { a.give(where, units(length)) }

func (a *arena) give(where, room uint32) {
	if room > 0 {
		a.spare[room] = append(a.spare[room], where)
	}
}
