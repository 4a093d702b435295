package program

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// missing returns those picks whose content does not lie in the folder under their name yet, in their order.
func missing(ctx context.Context, folder *os.Root, picks []pick) []pick {
	here := make([]bool, len(picks))
	var looking errgroup.Group
	looking.SetLimit(runtime.GOMAXPROCS(0))
	const together = 64 // looked at by one goroutine, one after the other
	for from := 0; from < len(picks); from += together {
		looking.Go(func() error {
			below := lookout{folder: folder}
			for i := from; i < min(from+together, len(picks)) && ctx.Err() == nil; i++ {
				here[i] = below.mayHave(picks[i].name) && isHere(ctx, folder, picks[i])
			}
			return nil
		})
	}
	looking.Wait()
	var rest []pick
	for i, one := range picks {
		if !here[i] {
			rest = append(rest, one)
		}
	}
	return rest
}

// lookout looks once for the folder that several files in a row lie in: where that is missing, so are they.
type lookout struct {
	folder *os.Root
	at     string
	there  bool
}

func (l *lookout) mayHave(name string) bool {
	if at := path.Dir(name); at != l.at {
		_, err := l.folder.Lstat(at)
		l.at, l.there = at, !errors.Is(err, fs.ErrNotExist)
	}
	return l.there
}

// isHere reports whether a regular file lies under the pick's name and has its content.
func isHere(ctx context.Context, folder *os.Root, one pick) bool {
	if one.hash.IsZero() {
		return false
	}
	info, err := folder.Lstat(one.name)
	if err != nil || !info.Mode().IsRegular() || uint64(info.Size()) != one.size {
		return false
	}
	file, err := folder.Open(one.name)
	if err != nil {
		return false
	}
	defer file.Close()
	hash, err := hashOf(ctx, file, one.size)
	return err == nil && hash == one.hash
}

var groupBuffers = sync.Pool{New: func() any { return new([protocol.GroupSize]byte) }}

// hashOf hashes what a reader of so many bytes has.
func hashOf(ctx context.Context, from io.Reader, size uint64) (protocol.Hash, error) {
	buffer := groupBuffers.Get().(*[protocol.GroupSize]byte)
	defer groupBuffers.Put(buffer)
	groups := protocol.Groups(size)
	var values []protocol.Hash
	for group := range groups {
		n := min(size-group*protocol.GroupSize, protocol.GroupSize)
		if _, err := io.ReadFull(from, buffer[:n]); err != nil {
			return protocol.Hash{}, errors.Join(err, ctx.Err())
		}
		if err := ctx.Err(); err != nil {
			return protocol.Hash{}, err
		}
		values = append(values, content.ChainingValue(group, buffer[:n], groups == 1))
	}
	hash, _ := content.Build(values)
	return hash, nil
}
