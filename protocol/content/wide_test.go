package content_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"lukechampine.com/blake3"
	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// TestWideRegistersComputeTheSame compares two implementations, ours for whole groups and the
// library's, on any bytes, on groups whose chunks' numbers need more than 32 bits, and on a group
// that is all of its file.
func TestWideRegistersComputeTheSame(t *testing.T) {
	data := make([]byte, protocol.GroupSize)
	random := rand.NewChaCha8([32]byte{1})
	for _, group := range []uint64{0, 1, 2, 1000, 1<<22 - 1, 1 << 22, 1<<40 + 3} {
		random.Read(data)
		for _, whole := range []bool{false, true} {
			got := content.ChainingValue(group, data, whole)
			undo := content.Narrow()
			want := content.ChainingValue(group, data, whole)
			undo()
			if got != want {
				t.Errorf("group %d, whole %v: %v, not %v", group, whole, got, want)
			}
		}
	}
}

// TestFilesThatAreHashedTogetherHaveTheirHashes compares with the library, for files of any sizes in any
// order.
func TestFilesThatAreHashedTogetherHaveTheirHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, 20<<10), rapid.SampledFrom([]int{0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 4096, 8192, 8193, 16384}))
		sizes := rapid.SliceOfN(size, 0, 60).Draw(t, "sizes")
		random := rand.NewChaCha8([32]byte{byte(rapid.Int().Draw(t, "seed"))})
		files := make([][]byte, len(sizes))
		for i, size := range sizes {
			files[i] = make([]byte, size)
			random.Read(files[i])
		}
		for i, hash := range content.Hashes(files) {
			if want := blake3.Sum256(files[i]); hash != want {
				t.Fatalf("file %d of %d bytes: %v, not %x", i, sizes[i], hash, want)
			}
		}
	})
}

func FuzzHashes(f *testing.F) {
	f.Add([]byte("some text"), uint16(3), uint16(2))
	f.Add(pattern(5000), uint16(1024), uint16(1))
	f.Fuzz(func(t *testing.T, data []byte, first, second uint16) {
		a, b := min(int(first), len(data)), min(int(first)+int(second), len(data))
		files := [][]byte{data[:a], data[a:b], data[b:], data}
		for i, hash := range content.Hashes(files) {
			if want := blake3.Sum256(files[i]); len(files[i]) <= protocol.GroupSize && hash != want {
				t.Errorf("file %d of %d bytes: %v, not %x", i, len(files[i]), hash, want)
			}
		}
	})
}

// BenchmarkSmallFiles hashes sixteen files.
func BenchmarkSmallFiles(b *testing.B) {
	for _, size := range []int{100, 1 << 10, 4 << 10, 8 << 10, 16 << 10} {
		files := make([][]byte, 16)
		for i := range files {
			files[i] = pattern(size)
		}
		b.Run(fmt.Sprint(size, " bytes, together"), func(b *testing.B) {
			b.SetBytes(int64(16 * size))
			for b.Loop() {
				content.Hashes(files)
			}
		})
		b.Run(fmt.Sprint(size, " bytes, each"), func(b *testing.B) {
			b.SetBytes(int64(16 * size))
			for b.Loop() {
				for _, file := range files {
					content.ChainingValue(0, file, true)
				}
			}
		})
	}
}

func BenchmarkGroup(b *testing.B) {
	data := pattern(protocol.GroupSize)
	hash := func(b *testing.B) {
		b.SetBytes(protocol.GroupSize)
		for b.Loop() {
			content.ChainingValue(1, data, false)
		}
	}
	b.Run("ours", hash)
	b.Run("library", func(b *testing.B) {
		defer content.Narrow()()
		hash(b)
	})
}
