package fsshare

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// mostTries is how often a file may have changed when we come to open it.
const mostTries = 5

// Open implements transport.Share. The refusal is NotFound, BadName, Denied (no permission), Limit
// (too large), Changed (other content than asked for, or another each time we looked), Indexing (a file that may
// have the content is not hashed yet) or Internal.
func (s *Share) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	var f *file
	var err error
	switch {
	case s.ctx.Err() != nil:
		err = fs.ErrClosed
	case name == "":
		f, err = s.openContent(ctx, hash)
	default:
		if err := protocol.CheckName(name); err != nil {
			return nil, protocol.AsError(err)
		}
		f, err = s.openName(ctx, name, hashing)
	}
	switch {
	case err != nil:
		return nil, refuse(err)
	case !hash.IsZero() && f.hash != hash:
		f.Close()
		return nil, &protocol.Error{Code: protocol.Changed, Text: "this name has other content now"}
	}
	return f, nil
}

// openName opens a file of which it is known what it is, after it has been hashed where it must be.
func (s *Share) openName(ctx context.Context, name string, hashing func(done, size uint64)) (*file, error) {
	if !s.shares(name) || s.throughLink(name) {
		return nil, fs.ErrNotExist
	}
	for range mostTries {
		opened, seen, err := s.openFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			s.forget(name)
		}
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		id, known := s.files[name]
		s.mu.Unlock()
		if known && id.is(seen) {
			return &file{s.reader(name, opened, id.version), id}, nil
		}
		opened.Close()
		if err := s.await(ctx, s.job(name), hashing); err != nil && !errors.Is(err, errChanged) {
			return nil, err
		}
	}
	return nil, errChanged
}

// openContent opens a file that has a content, if it is known that one does.
func (s *Share) openContent(ctx context.Context, hash protocol.Hash) (*file, error) {
	indexing := s.isIndexing() // before the look, so that nothing is hashed in between
	for _, name := range s.holders(hash) {
		if f, err := s.openName(ctx, name, nil); err == nil && f.hash == hash {
			return f, nil
		} else if err == nil {
			f.Close()
		}
	}
	if indexing {
		return nil, protocol.Indexing
	}
	return nil, fs.ErrNotExist
}

// isIndexing reports whether there may be a file that waits to be hashed.
func (s *Share) isIndexing() bool {
	select {
	case <-s.walked:
	default:
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending > 0
}

// holders returns the names that had a content when they were hashed.
func (s *Share) holders(hash protocol.Hash) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.contents[hash])
}

// openFile opens a regular file.
func (s *Share) openFile(name string) (fs.File, version, error) {
	opened, err := s.fsys.Open(name)
	if err != nil {
		return nil, version{}, err
	}
	info, err := opened.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		opened.Close()
		return nil, version{}, err
	}
	return opened, versionOf(info), nil
}

// throughLink reports whether a name, or a folder that it is in, is a symbolic link. The walk
// enters none; it may lead out of what is shared.
func (s *Share) throughLink(name string) bool {
	links, has := s.fsys.(fs.ReadLinkFS)
	for at := 0; has && at < len(name); at++ {
		if end := strings.IndexByte(name[at:], '/'); end >= 0 {
			at += end
		} else {
			at = len(name)
		}
		if info, err := links.Lstat(name[:at]); err == nil && info.Mode().Type() == fs.ModeSymlink {
			return true
		}
	}
	return false
}

// refuse says to a stranger no more than it needs.
func refuse(err error) *protocol.Error {
	switch {
	case errors.Is(err, protocol.Indexing):
		return &protocol.Error{Code: protocol.Indexing, Text: "files are still being hashed: ask again later"}
	case errors.Is(err, errChanged):
		return &protocol.Error{Code: protocol.Changed, Text: "the file changes all the time"}
	case errors.Is(err, errSize):
		return &protocol.Error{Code: protocol.Limit, Text: "the file is too large to be shared"}
	case errors.Is(err, fs.ErrPermission):
		return &protocol.Error{Code: protocol.Denied, Text: "the node may not read this file"}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return &protocol.Error{Code: protocol.NotFound, Text: "no such file is shared here"}
	}
	return &protocol.Error{Code: protocol.Internal, Text: "the node could not open this file"}
}
