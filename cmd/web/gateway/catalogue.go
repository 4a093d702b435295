package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/transport/peer"
)

const (
	// MostNames is how many names a list has at most: each takes some 80 bytes, and the name, and there may
	// be two lists at once.
	MostNames = 2_000_000

	listFresh   = 10 * time.Second       // a list is not asked for anew before that
	listShare   = 20                     // nor before this many times as long as it took
	listOld     = time.Minute            // a page waits for a newer list than that
	listWait    = 3 * time.Second        // for so long, if there is an older one
	listBrief   = 300 * time.Millisecond // and for so long, where that is not as old: who has just shared a file looks for it
	listTimeout = 2 * time.Minute        // for one list
	listRetry   = 2 * time.Second        // in place of listFresh after a failure, and where there is more soon
)

// catalogue keeps the list of all published names, and asks for it anew while it is used.
type catalogue struct {
	ask  func(context.Context) (*peer.Snapshot, error)
	told func(was, is error) // is called where a try ends otherwise than the one before; nil: nobody is told
	ctx  context.Context     // ends what is under way

	mu     sync.Mutex
	last   *peer.Snapshot // nil: there was none yet
	err    error          // of the last try; nil: it brought the last list
	tried  time.Time      // when that ended
	took   time.Duration  // how long it took
	trying chan struct{}  // closed when the try that is under way ends; nil: none is
	under  sync.WaitGroup
}

// list is what was published, as far as it is known.
type list struct {
	*peer.Snapshot       // nil: it is not known
	Err            error // why it is not known, or not newer
}

// look returns the list. It waits where there is none, or a very old one, and a moment where a newer one is due.
func (c *catalogue) look(ctx context.Context) list {
	is, trying := c.now()
	if trying == nil {
		return is
	}
	wait := listWait
	switch {
	case is.Snapshot == nil:
		wait = listTimeout
	case is.Err != nil || time.Since(is.Taken) < listFresh:
		return is
	case time.Since(is.Taken) < listOld:
		wait = listBrief
	}
	return c.after(ctx, trying, wait)
}

// again returns a newer list for whoever did not find something in one, where that one is not very new.
func (c *catalogue) again(ctx context.Context, is list) list {
	c.mu.Lock()
	if c.trying == nil && c.ctx.Err() == nil && time.Since(c.tried) >= max(listRetry, listShare*c.took) {
		c.begin()
	}
	trying := c.trying
	c.mu.Unlock()
	if trying == nil {
		return is
	}
	return c.after(ctx, trying, listWait)
}

// glance returns the list if it is of use to find the content of one file: not an old one. It hardly waits.
func (c *catalogue) glance(ctx context.Context) *peer.Snapshot {
	const wait = time.Second
	is, trying := c.now()
	if trying != nil && (is.Snapshot == nil || time.Since(is.Taken) > listOld) && is.Err == nil {
		is = c.after(ctx, trying, wait)
	}
	if is.Snapshot == nil || time.Since(is.Taken) > listOld {
		return nil
	}
	return is.Snapshot
}

// now returns the list as it is, and begins to ask for another one where that is due. Trying is closed when
// that has ended.
func (c *catalogue) now() (is list, trying chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trying == nil && c.due() {
		c.begin()
	}
	return list{c.last, c.err}, c.trying
}

// due reports whether a list is to be asked for.
func (c *catalogue) due() bool {
	if c.ctx.Err() != nil || c.tried.IsZero() {
		return c.ctx.Err() == nil
	}
	rest := listFresh
	if c.err != nil && !errors.Is(c.err, peer.ErrTooMany) || c.err == nil && (c.last.Len() == 0 || c.last.Covers.Err() != nil) {
		rest = listRetry
	}
	rest = max(rest, listShare*c.took)
	return time.Since(c.tried) >= rest
}

// begin asks for a list in the background.
func (c *catalogue) begin() {
	trying := make(chan struct{})
	c.trying = trying
	c.under.Go(func() {
		defer close(trying)
		ctx, cancel := context.WithTimeout(c.ctx, listTimeout)
		defer cancel()
		began := time.Now()
		is, err := c.ask(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.told != nil && (err == nil) != (c.err == nil) && c.ctx.Err() == nil {
			c.told(c.err, err)
		}
		c.err, c.tried, c.trying = err, time.Now(), nil
		c.took = c.tried.Sub(began)
		if err == nil || errors.Is(err, peer.ErrTooMany) {
			c.last = is
		}
	})
}

// after returns the list once a try has ended, or as it is if that takes too long.
func (c *catalogue) after(ctx context.Context, trying chan struct{}, wait time.Duration) list {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-trying:
	case <-timer.C:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	is := list{c.last, c.err}
	if is.Snapshot == nil && is.Err == nil {
		is.Err = errSlowList
	}
	return is
}

// close waits until nothing is under way any more. The context is done before.
func (c *catalogue) close() { c.under.Wait() }
