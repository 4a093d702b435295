package peer

import (
	"context"
	"strings"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// Shares is a share that is made of several. A key that ends with a slash stands before each name of
// its share: under "photos/" the file "a.jpg" of the share is "photos/a.jpg". Under any other key is
// the only file of its share, which has the key as its name there, too. Names that would be too long
// are not shared.
type Shares map[string]transport.Lister

var _ transport.Lister = Shares{}

// Open implements [transport.Share].
func (s Shares) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	if name == "" {
		return s.openContent(ctx, hash, hashing)
	}
	if one := s[name]; one != nil && !strings.HasSuffix(name, "/") {
		return one.Open(ctx, name, hash, hashing)
	}
	key, rest, found := strings.Cut(name, "/")
	if part := s[key+"/"]; found && rest != "" && part != nil {
		return part.Open(ctx, rest, hash, hashing)
	}
	return nil, &protocol.Error{Code: protocol.NotFound, Text: "no such file is shared here"}
}

// openContent opens the first file with a content. If there is none, the refusal is one that leaves
// hope, if there is such a one.
func (s Shares) openContent(ctx context.Context, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	worst := &protocol.Error{Code: protocol.NotFound, Text: "no such file is shared here"}
	for _, part := range s {
		file, refusal := part.Open(ctx, "", hash, hashing)
		if refusal == nil {
			return file, nil
		}
		if refusal.Code != protocol.NotFound {
			worst = refusal
		}
	}
	return nil, worst
}

// Follow implements [transport.Lister].
func (s Shares) Follow(ctx context.Context, change func(protocol.Entry), complete func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var parts sync.WaitGroup
	var mu sync.Mutex // makes the calls one at a time
	var failed error
	left := len(s)
	if left == 0 {
		complete()
		<-ctx.Done()
	}
	for key, part := range s {
		parts.Go(func() {
			err := part.Follow(ctx, func(e protocol.Entry) {
				if strings.HasSuffix(key, "/") {
					e.Name = key + e.Name
				}
				mu.Lock()
				defer mu.Unlock()
				if protocol.CheckName(e.Name) == nil {
					change(e)
				}
			}, func() {
				mu.Lock()
				defer mu.Unlock()
				if left--; left == 0 {
					complete()
				}
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = err
				cancel()
			}
		})
	}
	parts.Wait()
	return failed
}
