package relay

import "encoding/binary"

// arena keeps names, each once, in blocks without a pointer. A name is known by where it starts, in units of arenaUnit
// bytes. Names are only ever added at the end; where more than half of all room is what dropped names have left, blocks
// are emptied by moving the names that are still in them, so that the room is bounded by twice what is kept, whatever
// comes and goes.
type arena struct {
	blocks []arenaPage
	spare  []uint32 // numbers of blocks that are not there
	last   uint32   // the block that names are added to
	top    uint32   // units of it that are taken
	room   int      // units of all blocks
	used   int      // and those of names that are kept
	hand   int      // goes round the blocks
}

// arenaPage is a block, or the place of one.
type arenaPage struct {
	bytes *[arenaBlock]byte
	used  uint32 // units of names that are kept
}

const (
	arenaUnit  = 8
	arenaBlock = 1 << 15
	arenaUnits = arenaBlock / arenaUnit
	arenaHead  = 2       // bytes before each name: its length
	arenaGone  = 1 << 15 // set in the length of a name that was dropped
	arenaFew   = 8       // blocks that are kept as they are
	arenaMost  = 1<<32/arenaUnits - 64
)

func units(length int) uint32 { return uint32(arenaHead+length+arenaUnit-1) / arenaUnit }

// at returns the bytes of a name. They are the arena's, and good until something is added or dropped.
func (a *arena) at(where uint32) []byte {
	b := a.record(where)
	end := arenaHead + int(binary.LittleEndian.Uint16(b))
	return b[arenaHead:end:end]
}

func (a *arena) record(where uint32) []byte {
	return a.blocks[where/arenaUnits].bytes[where%arenaUnits*arenaUnit:]
}

// keep stores a name.
func (a *arena) keep(name []byte) (where uint32) {
	need := units(len(name))
	if len(a.blocks) == 0 || a.top+need > arenaUnits {
		a.open()
	}
	where = a.last*arenaUnits + a.top
	a.top += need
	a.used += int(need)
	a.blocks[a.last].used += need
	b := a.record(where)
	binary.LittleEndian.PutUint16(b, uint16(len(name)))
	copy(b[arenaHead:], name)
	return where
}

// open begins a block.
func (a *arena) open() {
	full := a.last
	if n := len(a.spare); n > 0 {
		a.last, a.spare = a.spare[n-1], a.spare[:n-1]
	} else {
		a.last = uint32(len(a.blocks))
		a.blocks = append(a.blocks, arenaPage{})
	}
	if full != a.last && a.blocks[full].used == 0 {
		a.close(full)
	}
	a.blocks[a.last].bytes = new([arenaBlock]byte)
	a.top = 0
	a.room += arenaUnits
}

// close gives a block back.
func (a *arena) close(block uint32) {
	if a.blocks[block].bytes != nil {
		a.blocks[block].bytes = nil
		a.spare = append(a.spare, block)
		a.room -= arenaUnits
	}
}

// drop forgets a name.
func (a *arena) drop(where uint32) {
	b := a.record(where)
	length := binary.LittleEndian.Uint16(b)
	binary.LittleEndian.PutUint16(b, length|arenaGone)
	block := where / arenaUnits
	a.used -= int(units(int(length)))
	a.blocks[block].used -= units(int(length))
	switch {
	case a.blocks[block].used > 0:
	case block == a.last:
		a.top = 0
	default:
		a.close(block)
	}
}

// full reports whether no place is left that a number could name.
func (a *arena) full() bool { return len(a.blocks)-len(a.spare) > arenaMost }

// tidy empties a block if more than half of all room is wasted. Each name that it moves is told.
func (a *arena) tidy(moved func(name []byte, from, to uint32)) {
	if a.room <= arenaFew*arenaUnits || 2*a.used > a.room {
		return
	}
	for range a.blocks {
		a.hand = (a.hand + 1) % len(a.blocks)
		if p := &a.blocks[a.hand]; p.bytes != nil && uint32(a.hand) != a.last && 2*p.used <= arenaUnits {
			a.vacate(uint32(a.hand), moved)
			return
		}
	}
}

func (a *arena) vacate(block uint32, moved func(name []byte, from, to uint32)) {
	bytes := a.blocks[block].bytes
	for at := uint32(0); a.blocks[block].used > 0; {
		length := int(binary.LittleEndian.Uint16(bytes[at*arenaUnit:]))
		from := block*arenaUnits + at
		if length < arenaGone {
			name := a.at(from)
			to := a.keep(name)
			a.drop(from)
			moved(name, from, to)
		}
		at += units(length &^ arenaGone)
	}
}
