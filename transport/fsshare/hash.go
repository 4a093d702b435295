package fsshare

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// version is all that an fs.FS says about the state of a file.
type version struct {
	size     int64
	modified time.Time
}

func versionOf(info fs.FileInfo) version { return version{info.Size(), info.ModTime()} }

func (v version) is(other version) bool {
	return v.size == other.size && v.modified.Equal(other.modified)
}

// identity is what a file was when it was hashed.
type identity struct {
	version
	hash protocol.Hash
	tree []byte
}

func (i identity) entry(name string) protocol.Entry {
	return protocol.Entry{Name: name, Size: uint64(i.size), Hash: i.hash, Modified: protocol.SecondsOf(i.modified)}
}

// job is a file that is being hashed.
type job struct {
	name       string
	done, size atomic.Uint64 // bytes
	over       chan struct{} // closed at the end; err is set by then
	err        error
}

var errSize = errors.New("it claims a size that no file may have")

var errChanged = errors.New("the file changed while it was being hashed")

// hashAll hashes the files that are there, one after the other, when it has seen the names of all.
func (s *Share) hashAll() {
	names := s.walk()
	if s.ctx.Err() == nil {
		close(s.walked)
	}
	for _, name := range names {
		if err := s.await(s.ctx, s.job(name), nil); err != nil && s.ctx.Err() == nil {
			s.log.Warn("cannot be shared", "name", name, "why", err)
		}
	}
}

// walk marks the files that are there, and returns their names.
func (s *Share) walk() (names []string) {
	err := fs.WalkDir(s.fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case s.ctx.Err() != nil:
			return fs.SkipAll
		case err != nil:
			s.log.Warn("cannot be read", "name", name, "why", err)
			return nil
		case name != "." && !s.shares(name):
			s.log.Debug("not shared", "name", name)
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.Type().IsRegular():
			names = append(names, name)
			s.found(name)
		}
		return nil
	})
	if err != nil {
		s.log.Warn("cannot be read to its end", "why", err)
	}
	return names
}

// shares reports whether a file of that name would be shared.
func (s *Share) shares(name string) bool {
	return protocol.CheckName(name) == nil && (s.options.Hidden || !protocol.Hidden(name))
}

// job has a file hashed, and returns the job that does it; none after Close.
func (s *Share) job(name string) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[name]
	if j == nil && !s.closed {
		j = &job{name: name, over: make(chan struct{})}
		s.jobs[name] = j
		s.workers.Go(func() { s.do(j) })
	}
	return j
}

func (s *Share) do(j *job) {
	id, err := s.hash(j)
	switch {
	case err == nil:
		s.learn(j.name, id)
	case errors.Is(err, fs.ErrNotExist):
		s.forget(j.name)
	case s.ctx.Err() == nil:
		s.mark(j.name, protocol.Opaque)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.jobs, j.name)
	j.err = err
	close(j.over)
}

// hash reads a file from its begin to its end.
func (s *Share) hash(j *job) (id identity, err error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-s.ctx.Done():
		return id, fs.ErrClosed
	}
	opened, seen, err := s.openFile(j.name)
	if err != nil {
		return id, err
	}
	defer opened.Close()
	if seen.size < 0 || seen.size > protocol.MaxFile {
		return id, errSize
	}
	j.size.Store(uint64(seen.size))
	values, err := s.values(j, opened, seen.size)
	if err != nil {
		return id, err
	}
	if info, err := opened.Stat(); err != nil {
		return id, err
	} else if !versionOf(info).is(seen) {
		return id, errChanged
	}
	id.version = seen
	id.hash, id.tree = content.Build(values)
	return id, nil
}

// values returns the chaining values of a file's groups.
func (s *Share) values(j *job, from io.Reader, size int64) (values []protocol.Hash, err error) {
	groups := protocol.Groups(uint64(size))
	buffer := make([]byte, max(0, min(size, protocol.GroupSize-1))+1)
	for group := uint64(0); ; group++ {
		n, err := io.ReadFull(from, buffer)
		if n > 0 {
			values = append(values, content.ChainingValue(group, buffer[:n], groups == 1))
			j.done.Add(uint64(n))
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			if j.done.Load() != uint64(size) {
				return nil, errChanged
			}
			return values, nil
		case err != nil:
			return nil, err
		case j.done.Load() > uint64(size):
			return nil, errChanged
		case s.ctx.Err() != nil:
			return nil, fs.ErrClosed
		}
	}
}

// await waits for a job, and says every second how far it is, if that is asked for.
func (s *Share) await(ctx context.Context, j *job, hashing func(done, size uint64)) error {
	if j == nil {
		return fs.ErrClosed
	}
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for {
		select {
		case <-j.over:
			return j.err
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
			if size := j.size.Load(); hashing != nil && size > 0 {
				hashing(min(j.done.Load(), size), size)
			}
		}
	}
}
