package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk"
)

const block = 4 << 10

// content returns data of blocks: each letter is a block of it, and a dot one of zeros. The last has
// a length of its own.
func content(blocks string, last int) (data []byte) {
	for i, letter := range []byte(blocks) {
		size := block
		if i == len(blocks)-1 {
			size = last
		}
		if letter == '.' {
			letter = 0
		}
		data = append(data, bytes.Repeat([]byte{letter}, size)...)
	}
	return data
}

func TestBlocksOfZerosAreLeftOut(t *testing.T) {
	for _, test := range []struct {
		blocks string
		last   int
		want   string // place and length of each stretch, in bytes
		hole   bool   // at the end
	}{
		{"", 0, "", false},
		{"a", block, "0+4096 ", false},
		{"a", 1, "0+1 ", false},
		{".", block, "", true},
		{".", 1, "", true},
		{"..", 7, "", true},
		{"ab", block, "0+8192 ", false},
		{"a.", block, "0+4096 ", true},
		{"a.", 5, "0+4096 ", true},
		{".a", 5, "4096+5 ", false},
		{".ab.c", 9, "4096+8192 16384+9 ", false},
		{"a..b.", block, "0+4096 12288+4096 ", true},
	} {
		data, got := content(test.blocks, test.last), ""
		made := make([]byte, len(data))
		err := disk.Dense(data, func(at int, stretch []byte) error {
			got += fmt.Sprintf("%d+%d ", at, len(stretch))
			copy(made[at:], stretch)
			return nil
		})
		if err != nil || got != test.want || !bytes.Equal(made, data) {
			t.Errorf("%q: %q and %v, want %q", test.blocks, got, err, test.want)
		}
		if disk.EndsInHole(data) != test.hole {
			t.Errorf("%q ends in a hole: %v", test.blocks, !test.hole)
		}
	}
}

// A block is no hole for a byte at either end of it.
func TestABlockIsAHoleOnlyIfAllOfItIsZero(t *testing.T) {
	for _, at := range []int{0, 1, block / 2, block - 1} {
		data := make([]byte, 3*block)
		data[block+at] = 1
		var got []int
		disk.Dense(data, func(begin int, stretch []byte) error {
			got = append(got, begin, len(stretch))
			return nil
		})
		if fmt.Sprint(got) != fmt.Sprint([]int{block, block}) {
			t.Errorf("a byte at %d: %v", at, got)
		}
		if disk.EndsInHole(data[:2*block]) || !disk.EndsInHole(data) {
			t.Errorf("a byte at %d: the hole at the end", at)
		}
	}
}

// What fails is told, and nothing is written after it.
func TestAStretchThatCannotBeWrittenIsTheLast(t *testing.T) {
	failure := errors.New("full")
	for fails := range 3 {
		calls := 0
		err := disk.Dense(content("a.b.c", block), func(int, []byte) error {
			if calls++; calls == fails+1 {
				return failure
			}
			return nil
		})
		if err != failure || calls != fails+1 {
			t.Errorf("after %d calls: %v", calls, err)
		}
	}
}
