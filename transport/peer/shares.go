package peer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// Shares is a share that is made of several. A key that ends with a slash stands before each name of
// its share: under "photos/" the file "a.jpg" of the share is "photos/a.jpg". Under any other key is
// the only file of its share, which has the key as its name there, too. Names that would be too long
// are not shared.
type Shares map[string]transport.Lister

var (
	_ transport.Lister  = Shares{}
	_ transport.Checker = Shares{}
	_ transport.Reader  = Shares{}
)

// Open implements [transport.Share].
func (s Shares) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	if name == "" {
		return s.openContent(ctx, hash, hashing)
	}
	if part, rest := s.of(name); part != nil {
		return part.Open(ctx, rest, hash, hashing)
	}
	return nil, &protocol.Error{Code: protocol.NotFound, Text: "no such file is shared here"}
}

// of returns the share that a name is of, and the file's name there; or nil.
func (s Shares) of(name string) (part transport.Lister, rest string) {
	if one := s[name]; one != nil && !strings.HasSuffix(name, "/") {
		return one, name
	}
	key, rest, found := strings.Cut(name, "/")
	if part := s[key+"/"]; found && rest != "" && part != nil {
		return part, rest
	}
	return nil, ""
}

// Read implements [transport.Reader].
func (s Shares) Read(name string, hash protocol.Hash, buffer []byte) (found roles.FileFound, ok bool) {
	if name != "" {
		part, rest := s.of(name)
		if reader, can := part.(transport.Reader); can {
			return reader.Read(rest, hash, buffer)
		}
		return found, false
	}
	for _, part := range s {
		if reader, can := part.(transport.Reader); can {
			if found, ok = reader.Read("", hash, buffer); ok {
				return found, true
			}
		}
	}
	return roles.FileFound{}, false
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

// Check implements [transport.Checker].
func (s Shares) Check(e roles.CheckFile) {
	for _, part := range s {
		if checker, can := part.(transport.Checker); can {
			checker.Check(e)
		}
	}
}

// Follow implements [transport.Lister]. The extent is the smallest of all shares'.
func (s Shares) Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := gathered{extents: map[string]roles.Extent{}, change: change, extent: extent}
	for key := range s {
		all.extents[key] = roles.ExtentPart
	}
	if len(s) == 0 {
		extent(roles.ExtentWhole)
		<-ctx.Done()
	}
	var parts sync.WaitGroup
	failed := make([]error, len(s))
	for i, key := range slices.Sorted(maps.Keys(s)) {
		parts.Go(func() {
			failed[i] = s[key].Follow(ctx, func(e protocol.Entry) { all.tell(key, e) }, func(to roles.Extent) { all.extend(key, to) })
			cancel() // without one of them the others are not the whole
		})
	}
	parts.Wait()
	return errors.Join(failed...)
}

// gathered makes the calls of several shares one at a time.
type gathered struct {
	mu      sync.Mutex
	told    roles.Extent
	extents map[string]roles.Extent
	change  func(protocol.Entry)
	extent  func(roles.Extent)
}

func (g *gathered) tell(key string, e protocol.Entry) {
	if strings.HasSuffix(key, "/") {
		e.Name = key + e.Name
	}
	if protocol.CheckName(e.Name) != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.change(e)
}

func (g *gathered) extend(key string, to roles.Extent) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.extents[key] = to
	least := slices.Min(slices.Collect(maps.Values(g.extents)))
	if least != g.told {
		g.told = least
		g.extent(least)
	}
}
