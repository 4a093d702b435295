package dense

import "encoding/binary"

// Arena keeps names in blocks that hold no pointer. A name's number is its offset in units of
// arenaUnit bytes. Names are only added at the end of the last block. When dropped names have left
// more than half of all room unused, Tidy empties a block by moving its remaining names. The room
// is therefore at most twice the size of the names that are kept.
type Arena struct {
	blocks []arenaBlock
	spare  []uint32 // numbers of blocks without memory
	last   uint32   // the block that names are added to
	top    uint32   // units of the last block that are taken
	room   int      // units of all blocks
	used   int      // units of names that are kept
	hand   int      // the block that Tidy looked at last
}

// arenaBlock is a block; bytes is nil while it has no memory.
type arenaBlock struct {
	bytes *[arenaBytes]byte
	used  uint32 // units of names that are kept
}

const (
	arenaUnit    = 4       // bytes
	arenaBytes   = 1 << 15 // of a block
	arenaUnits   = arenaBytes / arenaUnit
	arenaHead    = 2                     // bytes before each name: its length
	arenaDropped = 1 << 15               // set in the length of a name that was dropped
	arenaFew     = 8                     // up to this many blocks are never emptied by Tidy
	arenaMost    = 1<<32/arenaUnits - 64 // blocks whose units have numbers
)

func units(length int) uint32 { return uint32(arenaHead+length+arenaUnit-1) / arenaUnit }

// At returns the bytes of a name. They belong to the arena and are valid until the next change.
func (a *Arena) At(where uint32) []byte {
	b := a.record(where)
	end := arenaHead + int(binary.LittleEndian.Uint16(b))
	return b[arenaHead:end:end]
}

func (a *Arena) record(where uint32) []byte {
	return a.blocks[where/arenaUnits].bytes[where%arenaUnits*arenaUnit:]
}

// Put stores a name.
func (a *Arena) Put(name []byte) (where uint32) {
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

// open begins a new last block.
func (a *Arena) open() {
	full := a.last
	if n := len(a.spare); n > 0 {
		a.last, a.spare = a.spare[n-1], a.spare[:n-1]
	} else {
		a.last = uint32(len(a.blocks))
		a.blocks = append(a.blocks, arenaBlock{})
	}
	if full != a.last && a.blocks[full].used == 0 {
		a.close(full)
	}
	a.blocks[a.last].bytes = new([arenaBytes]byte)
	a.top = 0
	a.room += arenaUnits
}

// close frees the memory of a block.
func (a *Arena) close(block uint32) {
	if a.blocks[block].bytes != nil {
		a.blocks[block].bytes = nil
		a.spare = append(a.spare, block)
		a.room -= arenaUnits
	}
}

// Drop marks a name as dropped; its block is freed with its last name.
func (a *Arena) Drop(where uint32) {
	b := a.record(where)
	length := binary.LittleEndian.Uint16(b)
	binary.LittleEndian.PutUint16(b, length|arenaDropped)
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

// UsedUp reports whether the numbers of units are used up.
func (a *Arena) UsedUp() bool { return len(a.blocks)-len(a.spare) > arenaMost }

// Tidy empties one block if more than half of all room is unused. It calls moved for each name that
// it moves.
func (a *Arena) Tidy(moved func(name []byte, from, to uint32)) {
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

// vacate moves the names that are left in a block to the last one.
func (a *Arena) vacate(block uint32, moved func(name []byte, from, to uint32)) {
	bytes := a.blocks[block].bytes
	for at := uint32(0); a.blocks[block].used > 0; {
		length := int(binary.LittleEndian.Uint16(bytes[at*arenaUnit:]))
		from := block*arenaUnits + at
		if length < arenaDropped {
			name := a.At(from)
			to := a.Put(name)
			a.Drop(from)
			moved(name, from, to)
		}
		at += units(length &^ arenaDropped)
	}
}
