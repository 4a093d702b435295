package gateway

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

const (
	mostIdle  = 64               // files that stay open while nobody reads them
	idleTime  = 30 * time.Second // for so long
	readGrace = time.Second      // for so long a read goes on whose request has ended, so that its file can be used again
)

// key is what a file is opened by: its name, its content, or both.
type key struct {
	name string
	hash protocol.Hash
}

// pool keeps files open between requests: a player's seek is another request, and finds the file and the
// link to its node. A file is of one request at a time.
type pool struct {
	open func(context.Context, peer.Request) (*peer.File, error)
	ctx  context.Context // of all files

	mu      sync.Mutex
	idle    []*borrowed // the one that was used last comes last
	closing sync.WaitGroup
}

// borrowed is an open file of the pool.
type borrowed struct {
	*peer.File
	key   key
	ctx   context.Context // of the file
	stop  context.CancelFunc
	since time.Time
	timer *time.Timer // closes it while it is idle
}

// fits reports whether the file is what a key stands for. A name may have another content by and by.
func (f *borrowed) fits(k key) bool {
	return f.key == k && (!k.hash.IsZero() || time.Since(f.since) < listOld)
}

// take returns an open file: one that is idle, unless fresh, or another one. Opening ends with ctx; the file
// does not.
func (p *pool) take(ctx context.Context, k key, fresh bool) (f *borrowed, used bool, err error) {
	if !fresh {
		if f := p.reuse(k); f != nil {
			return f, true, nil
		}
	}
	f = &borrowed{key: k, since: time.Now()}
	f.ctx, f.stop = context.WithCancel(p.ctx)
	end := context.AfterFunc(ctx, f.stop)
	f.File, err = p.open(f.ctx, peer.Request{Name: k.name, Hash: k.hash})
	if !end() && err == nil { // the request has ended meanwhile, and the file with it
		f.File.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		f.stop()
		return nil, false, err
	}
	return f, false, nil
}

// reuse takes an idle file, or returns nil.
func (p *pool) reuse(k key) *borrowed {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range slices.Backward(p.idle) {
		if f.fits(k) {
			p.idle = slices.Delete(p.idle, i, i+1)
			f.timer.Stop()
			return f
		}
	}
	return nil
}

// guard has reads of the file end some time after ctx is done, and the file with them. Most have ended by
// themselves before, and then it can be used again. The guard lasts until end is called.
func (f *borrowed) guard(ctx context.Context) (end func()) {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(readGrace)
		defer timer.Stop()
		select {
		case <-timer.C:
			f.stop()
		case <-over:
		}
	})
	return func() {
		close(over)
		stop()
	}
}

// release gives a file back. One that has failed is of no use any more.
func (p *pool) release(f *borrowed, failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if failed || f.ctx.Err() != nil {
		p.close(f)
		return
	}
	if len(p.idle) == mostIdle {
		p.idle[0].timer.Stop()
		p.close(p.idle[0])
		p.idle = slices.Delete(p.idle, 0, 1)
	}
	p.idle = append(p.idle, f)
	f.timer = time.AfterFunc(idleTime, func() { p.expire(f) })
}

// expire closes a file that nobody has used for long.
func (p *pool) expire(f *borrowed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := slices.Index(p.idle, f); at >= 0 {
		p.idle = slices.Delete(p.idle, at, at+1)
		p.close(f)
	}
}

// close closes a file in the background: it waits for the end of its links. The lock is held.
func (p *pool) close(f *borrowed) {
	p.closing.Go(func() {
		f.stop()
		f.File.Close()
	})
}

// end closes all files that are idle and waits for those. The context is done before, so that no other
// becomes idle.
func (p *pool) end() {
	p.mu.Lock()
	for _, f := range p.idle {
		f.timer.Stop()
		p.close(f)
	}
	p.idle = nil
	p.mu.Unlock()
	p.closing.Wait()
}
