package share

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// doubts are what clients call wrong: what waits to be compared with its hash, and what has been found
// right lately. A client that calls everything wrong causes no more reading than an honest one.
type doubts struct {
	waiting chan roles.CheckFile
	since   map[roles.CheckFile]time.Time // when it was first doubted; guarded by the share's mutex
}

// recheckGap is the time within which a stretch is compared once.
const recheckGap = time.Minute

func newDoubts() doubts {
	return doubts{make(chan roles.CheckFile, roles.MaxChecks), map[roles.CheckFile]time.Time{}}
}

// Check implements [transport.Checker]. Bits that a disk has lost, and bytes that a program has
// written through mapped memory, leave no trace in a file's times.
func (s *Folder) Check(d roles.CheckFile) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.doubts.since[d]) < recheckGap {
		return
	}
	for old, since := range s.doubts.since {
		if now.Sub(since) >= recheckGap {
			delete(s.doubts.since, old)
		}
	}
	if len(s.doubts.since) >= 4*roles.MaxChecks {
		return
	}
	select {
	case s.doubts.waiting <- d:
		s.doubts.since[d] = now
	default:
	}
}

// checkDoubts compares files with their hashes until the share is closed. It rests most of the time.
func (s *Folder) checkDoubts() {
	beNice()
	for {
		select {
		case d := <-s.doubts.waiting:
			begin := time.Now()
			for _, name := range s.holders(d.Hash) {
				s.compare(name, d)
			}
			if s.pause(s.ctx, (100-roles.CheckShare)*time.Since(begin)/roles.CheckShare) != nil {
				return
			}
		case <-s.ctx.Done():
			return
		}
	}
}

// compare compares a stretch of a file, or its part of the tree, with the hash of its content. A file
// that differs is no longer offered as that content, and is hashed anew.
func (s *Folder) compare(name string, d roles.CheckFile) {
	opened, sig, err := s.openFile(name)
	if err != nil {
		return
	}
	f := &file{File: opened, share: s, name: name}
	defer f.Close()
	var known bool
	if f.record, known = s.recall(name, sig); !known || f.record.Hash != d.Hash {
		return
	}
	groups := sig.Groups()
	if d.First >= groups {
		return
	}
	most := uint64(roles.MaxDoubted)
	if d.Tree {
		most = protocol.MaxGroups
	}
	d.Count = min(d.Count, groups-d.First, most)
	slice, err := f.Slice(d.First, d.Count)
	if err != nil {
		return
	}
	values, ok := content.Verify(d.Hash, groups, d.First, d.Count, slice)
	same := true
	if !d.Tree {
		same, err = f.has(d.First, values)
	}
	switch {
	case ok && err == nil && same, f.Changed():
	case ok && err != nil:
		s.log.Debug("a file that a client calls wrong cannot be read", "name", protocol.Printable(name, 200), "why", err)
	default:
		s.log.Warn("a file is not what it was hashed as, although its times say so; it is hashed anew", "name", protocol.Printable(name, 200))
		s.revoke(f.record)
	}
}

// has reports whether groups of the file, from one on, have these chaining values.
func (f *file) has(first uint64, values []protocol.Hash) (bool, error) {
	buffer := make([]byte, protocol.GroupSize)
	for i, value := range values {
		at := (first + uint64(i)) * protocol.GroupSize
		data := buffer[:min(f.Size()-at, protocol.GroupSize)]
		if _, err := f.ReadAt(data, int64(at)); err != nil && !errors.Is(err, io.EOF) {
			return false, err
		} else if err != nil || content.ChainingValue(at/protocol.GroupSize, data, f.Size() <= protocol.GroupSize) != value {
			return false, nil
		}
		if f.share.ctx.Err() != nil {
			return false, f.share.ctx.Err()
		}
	}
	return true, nil
}

// revoke withdraws a content that a file does not have, under all names of the file, and has it
// hashed anew.
func (s *Folder) revoke(r index.Record) {
	s.index.Remove(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	var held []*entry
	for e := s.having(r.Hash); e != nil; e = s.at(e.after) {
		if e.signature == r.Signature {
			held = append(held, e)
		}
	}
	for _, e := range slices.Backward(held) {
		s.unlink(e)
		s.tellMark(e, protocol.Pending)
		s.enqueue(e)
	}
}
