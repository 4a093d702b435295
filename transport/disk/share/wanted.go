package share

import (
	"context"
	"os"
	"time"

	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// wanted has a file hashed ahead of others, and returns the job. A forget must follow.
func (s *Folder) wanted(name string, sig index.Signature) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[sig.Inode]
	if j == nil {
		j = s.newJob(name, sig)
		if e := s.named(name); e != nil && e.signature == sig && !e.known && !e.queued {
			e.queued = true
			s.give(j, e)
		}
		j.waiters = 1
		s.offer(j)
		return j
	}
	if j.waiters++; j.waiters == 1 && s.withdraw(j) {
		s.offer(j)
	}
	return j
}

// forget undoes a wanted.
func (s *Folder) forget(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.waiters--; j.waiters == 0 && s.withdraw(j) {
		s.offer(j)
	}
}

// await waits until something is over, and calls report every second meanwhile.
func (s *Folder) await(ctx context.Context, over <-chan struct{}, report func()) error {
	const gap = time.Second
	beat := time.NewTicker(gap)
	defer beat.Stop()
	for {
		select {
		case <-over:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return os.ErrClosed
		case <-beat.C:
			report()
		}
	}
}
