package share

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

var errIndexing = errors.New("disk: files are being hashed")

// MaxSize is the size of the largest file that is shared. A hole takes no room and may be of any
// size; for each request the tree above the segments of a file is made, which takes 64 bytes a GiB.
const MaxSize = 128 << 40

var errTooLarge = errors.New("disk: the file is too large")

// mostTries bounds the attempts to open a file that keeps changing.
const mostTries = 5

// Open opens a file by its name, its content, or both. The result embeds an *os.File. A named file
// without a known hash is hashed at once, ahead of others; a content is found only if it is known.
// The refusal is NotFound, BadName, Denied (no permission), Limit (too large), Changed (another content than asked
// for, or another at each attempt), Indexing (a file that may have the content is not hashed yet) or
// Internal.
func (s *Folder) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	var f transport.File
	var err error
	if name == "" {
		f, err = s.openContent(hash)
	} else {
		if err := protocol.CheckName(name); err != nil {
			return nil, protocol.AsError(err)
		}
		f, err = s.openName(ctx, name, hash, hashing)
	}
	switch {
	case err != nil:
		return nil, refuse(err)
	case !hash.IsZero() && f.Hash() != hash:
		f.Close()
		return nil, &protocol.Error{Code: protocol.Changed, Text: "this name has other content now"}
	}
	return f, nil
}

// isHidden reports whether a name is never shared: it starts with a dot, or belongs to an
// unfinished file.
func (s *Folder) isHidden(name string) bool {
	return protocol.Hidden(name) && (!s.options.Hidden && s.only == "" || disk.Unfinished(name))
}

// openName opens a file whose content is known, after hashing it if need be. A file that changes at
// each attempt is opened as what it began with.
func (s *Folder) openName(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, error) {
	if s.isHidden(name) {
		return nil, fs.ErrNotExist
	}
	var seen, racy index.Signature
	for range mostTries {
		opened, sig, err := s.openFile(name)
		if err != nil {
			return nil, err
		}
		if f := s.asKnown(opened, name, sig, hash); f != nil {
			return f, nil
		}
		opened.Close()
		if seen = sig; s.keptPrefix(sig, protocol.Hash{}) != nil {
			break
		}
		if wait := sig.RacyFor(time.Now()); wait > 0 && sig != racy {
			racy = sig
			if err := s.pause(ctx, wait); err != nil {
				return nil, err
			}
			continue
		}
		if err := s.hashNow(ctx, name, sig, hashing); err != nil && !errors.Is(err, errChanged) && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return s.openGrowing(ctx, name, seen, hashing)
}

// asKnown returns an open file as a file of the share, if its content is known.
func (s *Folder) asKnown(opened *os.File, name string, sig index.Signature, hash protocol.Hash) transport.File {
	r, known := s.recall(name, sig)
	if !hash.IsZero() && (!known || r.Hash != hash) {
		p := s.keptPrefix(sig, hash)
		if p == nil {
			p = s.pastPrefix(sig, hash)
		}
		if p != nil {
			return &grownFile{file: opened, name: name, prefix: p, groupAt: -1}
		}
	}
	if !known {
		return nil
	}
	s.lend(sig.Inode)
	return &file{opened, s, name, r}
}

// hashNow has a file hashed ahead of others.
func (s *Folder) hashNow(ctx context.Context, name string, sig index.Signature, hashing func(done, size uint64)) error {
	j := s.wanted(name, sig)
	defer s.forget(j)
	size := uint64(sig.Size)
	if err := s.await(ctx, j.over, func() { hashing(min(j.done.Load(), size), size) }); err != nil {
		return err
	}
	return j.err
}

// openContent opens a file that is known to have a content.
func (s *Folder) openContent(hash protocol.Hash) (transport.File, error) {
	hopeful := s.mayFind() // before: a content that becomes known meanwhile is not missed
	var failed error
	for _, name := range s.holders(hash) {
		opened, sig, err := s.openFile(name)
		if err != nil {
			if s.hints.touch(name); isFailure(err) {
				failed = err
			}
			continue
		}
		if r, known := s.recall(name, sig); known && r.Hash == hash {
			return &file{opened, s, name, r}, nil
		}
		opened.Close()
		hopeful = true // it has another content now
	}
	switch {
	case failed != nil:
		return nil, failed
	case hopeful:
		s.hurry()
		return nil, errIndexing
	}
	return nil, fs.ErrNotExist
}

// openFile opens a regular file of the folder and returns its signature.
func (s *Folder) openFile(name string) (*os.File, index.Signature, error) {
	opened, err := s.find(name)
	if err != nil {
		return nil, index.Signature{}, err
	}
	info, err := opened.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fs.ErrNotExist
	case info.Size() > MaxSize:
		err = errTooLarge
	}
	if err != nil {
		opened.Close()
		return nil, index.Signature{}, err
	}
	return opened, index.SignatureOf(name, info), nil
}

// find opens what has a name, in either form.
func (s *Folder) find(name string) (opened *os.File, err error) {
	if err := s.options.ask("open", name); err != nil {
		return nil, err
	}
	g := s.ground.Load()
	switch {
	case s.only == "":
	case s.only != name:
		return nil, fs.ErrNotExist
	default:
		name = g.file
	}
	opened, err = g.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		if other := decompose(name); other != name {
			opened, err = g.open(other)
		}
	}
	if errors.Is(err, os.ErrClosed) && s.ctx.Err() == nil && s.ground.Load() != g {
		return s.find(name)
	}
	return opened, err
}

// recall returns the record of a file with that signature.
func (s *Folder) recall(name string, sig index.Signature) (r index.Record, known bool) {
	s.mu.Lock()
	e := s.named(name)
	current := e != nil && e.signature == sig
	if current && e.known {
		r = index.Record{Signature: sig, Hash: e.hash, Tree: e.tree}
		s.mu.Unlock()
		return r, true
	}
	s.mu.Unlock()
	if !current {
		s.hints.touch(name)
	}
	return s.index.Lookup(sig)
}

// pause waits, unless ctx or the share ends before.
func (s *Folder) pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.ctx.Done():
		return os.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refuse tells a stranger no more than it needs: neither where the folder lies nor what else is in
// it.
func refuse(err error) *protocol.Error {
	switch {
	case errors.Is(err, errIndexing):
		return &protocol.Error{Code: protocol.Indexing, Text: "files are being hashed that may be it"}
	case errors.Is(err, errChanged):
		return &protocol.Error{Code: protocol.Changed, Text: "the file changes all the time"}
	case errors.Is(err, errTooLarge):
		return &protocol.Error{Code: protocol.Limit, Text: "the file is too large to be shared"}
	case errors.Is(err, fs.ErrPermission):
		return &protocol.Error{Code: protocol.Denied, Text: "the node may not read this file"}
	case errors.Is(err, os.ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &protocol.Error{Code: protocol.Internal, Text: "the node has given up opening this file"}
	case isFailure(err):
		return &protocol.Error{Code: protocol.Internal, Text: "the node could not open this file"}
	default: // not there, a folder, under a file, behind a link that leads out of the share
		return &protocol.Error{Code: protocol.NotFound, Text: "no such file is shared here"}
	}
}

// isFailure reports whether an error says that the disk or the system has failed, which tells nothing
// of what is there. The others tell of the name: it is not there, leads elsewhere, or is no file.
func isFailure(err error) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return false
	}
	switch errno {
	case syscall.ENOTDIR, syscall.EISDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EINVAL, syscall.EXDEV, syscall.ENXIO, syscall.ENODEV:
		return false
	}
	return true
}
