package index

import (
	"hash/maphash"
	"iter"
	"slices"

	"github.com/relaypeer/relaypeer/protocol/dense"
)

// places tell where the records of files are. A place takes some 30 bytes and holds no pointer.
type places struct {
	slab    dense.Slab[placed]
	table   dense.Table
	seed    maphash.Seed
	devices []uint64
}

// placed is the place of a file's record.
type placed struct {
	inode uint64
	tree  uint64
	at    uint64 // the record's offset plus one, and above that the number of the device; 0: free
}

const (
	offsetBits  = 48
	mostDevices = 1 << 16
)

func newPlaces() places { return places{seed: maphash.MakeSeed()} }

func (p *places) count() int { return int(p.slab.Used()) }

// device returns the number of a device, or a negative one if it has none.
func (p *places) device(of Inode) int { return slices.Index(p.devices, of.Device) }

func (p *places) hash(i Inode) uint64 { return maphash.Comparable(p.seed, i) }

func (p *places) hashOf(number uint32) uint64 { return p.hash(p.inode(p.slab.At(number))) }

func (p *places) inode(is *placed) Inode { return Inode{p.devices[is.at>>offsetBits], is.inode} }

func (p *places) find(i Inode) (number uint32, there bool) {
	device := p.device(i)
	if device < 0 {
		return 0, false
	}
	return p.table.Find(p.hash(i), func(number uint32) bool {
		is := p.slab.At(number)
		return is.inode == i.Number && is.at>>offsetBits == uint64(device)
	})
}

// get returns the place of a file's record.
func (p *places) get(i Inode) (place fileAt, there bool) {
	number, there := p.find(i)
	if !there {
		return place, false
	}
	is := p.slab.At(number)
	return fileAt{int64(is.at&(1<<offsetBits-1)) - 1, is.tree}, true
}

// put notes the place of a file's record. It reports false if there is no room for it.
func (p *places) put(i Inode, place fileAt) bool {
	number, there := p.find(i)
	if !there {
		device := p.device(i)
		if device < 0 {
			device = len(p.devices)
		}
		if device == mostDevices || p.slab.Used() >= dense.MostNumber || place.at >= 1<<offsetBits-1 {
			return false
		}
		if device == len(p.devices) {
			p.devices = append(p.devices, i.Device)
		}
		number = p.slab.Take()
		*p.slab.At(number) = placed{inode: i.Number, at: uint64(device) << offsetBits}
		p.table.Add(p.hash(i), number, p.hashOf)
	}
	is := p.slab.At(number)
	is.at, is.tree = is.at>>offsetBits<<offsetBits|uint64(place.at+1), place.tree
	return true
}

func (p *places) remove(i Inode) {
	if number, there := p.find(i); there {
		p.table.Remove(p.hash(i), number, p.hashOf)
		p.slab.Free(number)
	}
}

// all yields all files and the places of their records.
func (p *places) all() iter.Seq2[Inode, fileAt] {
	return func(yield func(Inode, fileAt) bool) {
		for number := range p.slab.Size() {
			is := p.slab.At(number)
			if at := is.at & (1<<offsetBits - 1); at != 0 && !yield(p.inode(is), fileAt{int64(at) - 1, is.tree}) {
				return
			}
		}
	}
}
