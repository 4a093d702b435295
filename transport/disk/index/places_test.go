package index

import (
	"maps"
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// Places are what was put there last, whatever has come and gone, and files of many devices are not
// taken for each other.
func TestPlacesAreWhatWasPutThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, is := newPlaces(), map[Inode]fileAt{}
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			i := Inode{rapid.Uint64Range(0, 3).Draw(t, "device") << 40, rapid.Uint64Range(0, 40).Draw(t, "number")}
			if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				p.remove(i)
				delete(is, i)
			} else {
				place := fileAt{rapid.SampledFrom([]int64{0, 17, 1 << 40, 1<<offsetBits - 2}).Draw(t, "at"), rapid.Uint64().Draw(t, "tree")}
				if !p.put(i, place) {
					t.Fatal("there is no room")
				}
				is[i] = place
			}
			want, known := is[i]
			if place, there := p.get(i); place != want || there != known {
				t.Fatalf("%v is at %v, not %v", i, place, want)
			}
		}
		if all := maps.Collect(p.all()); !maps.Equal(all, is) || p.count() != len(is) {
			t.Fatalf("%v, %d, not %v", all, p.count(), is)
		}
	})
}

// What has no place is not put anywhere: a file of one device too many, a record too far away.
func TestThereAreNotEndlessPlaces(t *testing.T) {
	p := newPlaces()
	if p.put(Inode{1, 1}, fileAt{at: 1<<offsetBits - 1}) || p.count() != 0 {
		t.Error("a record beyond all offsets is noted")
	}
	for device := range uint64(mostDevices) {
		p.devices = append(p.devices, device)
	}
	if p.put(Inode{mostDevices, 1}, fileAt{at: 1}) || !p.put(Inode{mostDevices - 1, 1}, fileAt{at: 1}) {
		t.Error("there are other devices")
	}
}

// A place takes few bytes, however many there are.
func TestAPlaceTakesFewBytes(t *testing.T) {
	const files, most = 200_000, 34
	before := disktest.Heap()
	p := newPlaces()
	for n := range uint64(files) {
		p.put(Inode{1, n}, fileAt{at: int64(n)})
	}
	each := (disktest.Heap() - before) / files
	if t.Logf("%d bytes", each); each > most {
		t.Errorf("a place takes %d bytes", each)
	}
	runtime.KeepAlive(&p)
}
