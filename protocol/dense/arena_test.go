package dense

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// modelArena is an Arena with a map of the names that it must hold.
type modelArena struct {
	Arena
	names map[uint32]string
}

func (s *modelArena) put(name string) uint32 {
	where := s.Put([]byte(name))
	s.names[where] = name
	return where
}

func (s *modelArena) lose(where uint32) {
	delete(s.names, where)
	s.Drop(where)
	s.Tidy(func(name []byte, from, to uint32) {
		s.names[to] = s.names[from]
		delete(s.names, from)
	})
}

func TestAnArenaKeepsItsNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &modelArena{names: map[uint32]string{}}
		for range rapid.IntRange(1, 40).Draw(t, "rounds") {
			length := rapid.SampledFrom([]int{1, 6, 7, 100, 1023, 1024}).Draw(t, "length")
			for range rapid.IntRange(0, 300).Draw(t, "names") {
				s.put(strings.Repeat(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "letter"), length))
			}
			numbers := slices.Sorted(maps.Keys(s.names))
			for i := range rapid.IntRange(0, len(numbers)).Draw(t, "to lose") {
				if _, there := s.names[numbers[i]]; there {
					s.lose(numbers[i])
				}
			}
		}
		kept := 0
		for where, name := range s.names {
			if string(s.At(where)) != name {
				t.Fatalf("at %d is %q, want %q", where, s.At(where), name)
			}
			kept += int(units(len(name)))
		}
		if s.used != kept {
			t.Fatalf("%d units are in use, it says %d", kept, s.used)
		}
	})
}

// TestAnArenaIsBoundedByWhatItKeeps for names of all lengths of which one in a hundred stays.
func TestAnArenaIsBoundedByWhatItKeeps(t *testing.T) {
	s := &modelArena{names: map[uint32]string{}}
	for length := 1; length <= 1024; length *= 2 {
		var lost []string
		for range 500_000 / length {
			lost = append(lost, strings.Repeat("x", length))
		}
		for _, name := range lost {
			s.put(name)
		}
		stay := 0
		for _, where := range slices.Sorted(maps.Keys(s.names)) {
			if stay++; stay%100 > 0 {
				if _, there := s.names[where]; there {
					s.lose(where)
				}
			}
		}
		blocks := len(s.blocks) - len(s.spare)
		if most := 2*s.used/arenaUnits + arenaFew + 1; blocks > most {
			t.Fatalf("names of up to %d bytes: %d blocks, want at most %d", length, blocks, most)
		}
		if blocks*arenaUnits != s.room {
			t.Fatalf("%d blocks, and room for %d units", blocks, s.room)
		}
	}
}

// TestTheOneBlockThatCanBeEmptiedIsFound wherever it is: the others are more than half full.
func TestTheOneBlockThatCanBeEmptiedIsFound(t *testing.T) {
	const blocks, each, length = 12, 32, 1022 // names of a block, and their bytes
	for _, first := range []int{0, 5} {       // where the search begins
		for emptied := range blocks - 1 {
			s := &modelArena{names: map[uint32]string{}, Arena: Arena{hand: first}}
			var in [blocks][]uint32
			for i := range blocks * each {
				in[i/each] = append(in[i/each], s.put(strings.Repeat("x", length)))
			}
			for block := range blocks {
				stay := each/2 + 1
				if block == blocks-1 {
					stay = 1 // names are added to this one
				}
				if block != emptied {
					for _, where := range in[block][stay:] {
						s.lose(where)
					}
				}
			}
			for _, where := range in[emptied][each/2:] {
				s.lose(where)
			}
			for block := range blocks {
				if gone := s.blocks[block].bytes == nil; gone != (block == emptied) {
					t.Fatalf("block %d is to be emptied, and of block %d it is %v", emptied, block, gone)
				}
			}
		}
	}
}
