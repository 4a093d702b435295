package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// Present reports for each file whether a regular file with its content lies under its name in the folder.
func Present(ctx context.Context, folder *os.Root, files []protocol.Entry) []bool {
	present := make([]bool, len(files))
	var looking errgroup.Group
	looking.SetLimit(runtime.GOMAXPROCS(0))
	const together = 64 // looked at by one goroutine, one after the other
	for from := 0; from < len(files); from += together {
		looking.Go(func() error {
			below := dirCache{folder: folder}
			for i := from; i < min(from+together, len(files)) && ctx.Err() == nil; i++ {
				present[i] = below.mayHave(files[i].Name) && isPresent(ctx, folder, files[i])
			}
			return nil
		})
	}
	looking.Wait()
	return present
}

// dirCache looks once for the folder that several files in a row lie in: where that is missing, so are they.
type dirCache struct {
	folder *os.Root
	at     string
	there  bool
}

func (l *dirCache) mayHave(name string) bool {
	if at := path.Dir(name); at != l.at {
		_, err := l.folder.Lstat(at)
		l.at, l.there = at, !errors.Is(err, fs.ErrNotExist)
	}
	return l.there
}

// isPresent reports whether a regular file lies under the name and has the content.
func isPresent(ctx context.Context, folder *os.Root, want protocol.Entry) bool {
	if want.Hash.IsZero() {
		return false
	}
	info, err := folder.Lstat(want.Name)
	if err != nil || !info.Mode().IsRegular() || uint64(info.Size()) != want.Size {
		return false
	}
	file, err := folder.Open(want.Name)
	if err != nil {
		return false
	}
	defer file.Close()
	hash, err := hashOf(ctx, file, want.Size)
	return err == nil && hash == want.Hash
}

// hashOf hashes size bytes of a reader.
func hashOf(ctx context.Context, from io.Reader, size uint64) (protocol.Hash, error) {
	page := pages.Get().(*[protocol.GroupSize]byte)
	defer pages.Put(page)
	groups := protocol.Groups(size)
	var values []protocol.Hash
	for group := range groups {
		n := min(size-group*protocol.GroupSize, protocol.GroupSize)
		if _, err := io.ReadFull(from, page[:n]); err != nil {
			return protocol.Hash{}, errors.Join(err, ctx.Err())
		}
		if err := ctx.Err(); err != nil {
			return protocol.Hash{}, err
		}
		values = append(values, content.ChainingValue(group, page[:n], groups == 1))
	}
	hash, _ := content.Build(values)
	return hash, nil
}
