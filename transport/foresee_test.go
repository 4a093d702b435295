package transport

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// TestWhatIsForeseenIsWhatComes: however the bytes of small files and their messages come, each message
// is read and each file has the hash of just its bytes, as if none had been hashed with another.
func TestWhatIsForeseenIsWhatComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(1, uint64(rapid.IntRange(0, 1000).Draw(t, "seed"))))
		var stream []byte
		var files [][]byte
		for _, size := range rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 100, 1024, 4096, 5000, 20_000, 66_000}), 1, 40).Draw(t, "sizes") {
			file := make([]byte, size)
			for i := range file {
				file[i] = byte(random.Uint32())
			}
			if rapid.IntRange(0, 5).Draw(t, "refused") == 0 {
				stream = protocol.Append(stream, &protocol.Error{Code: protocol.NotFound, By: protocol.Node})
			}
			about := &protocol.Content{Size: uint64(size), Length: uint64(size), Hash: protocol.Hash{1}} // a lie may stand there
			stream = append(protocol.Append(stream, about), file...)
			files = append(files, file)
		}
		pieces := rapid.SliceOfN(rapid.SampledFrom([]int{1, 50, 1000, 4096, 30_000, 1 << 20}), 1, 5).Draw(t, "pieces")
		in, reads := inbox{}, 0
		defer in.free()
		read := func() {
			room := in.space()
			n := copy(room[:min(len(room), pieces[reads%len(pieces)])], stream)
			in.to, stream, reads = in.to+n, stream[n:], reads+1
		}
		for _, file := range files {
			var length int
			for is := false; !is; {
				m, size, err := in.decode(protocol.MaxList)
				switch m := m.(type) {
				case nil:
					if err != nil {
						t.Fatal(err)
					}
					read()
				case *protocol.Content:
					length, is = int(m.Length), true
				}
				in.from += size
			}
			if length != len(file) {
				t.Fatalf("%d bytes come, not %d", length, len(file))
			}
			if length > 0 {
				for in.widen(); len(in.unread()) < length; {
					read()
				}
				if got, want := in.hash(length), content.ChainingValue(0, file, true); got != want {
					t.Fatalf("a file of %d bytes has the hash %v, not %v", length, got, want)
				}
			}
			if in.from += length; len(in.ahead) >= mostForeseen {
				t.Fatalf("%d files are foreseen", len(in.ahead))
			}
		}
	})
}
