package peer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
)

// File is an open file of the nodes: an [fs.File], [io.Seeker], [io.ReaderAt] and [io.WriterTo]. What it
// reads is verified and of one content, the one that it was opened with. Two chunk groups of it are kept in
// memory, and up to eight where it is read in order as fast as they come, or by calls for so many. Its methods
// may be called from any goroutine; those that read take turns.
//
// A read that fails may be tried again: nodes come back. Its error is as that of a fetch; it is
// protocol.Changed where a node had the content and has another one by now.
type File struct {
	name   string // as asked for
	is     client.Identity
	ctx    context.Context // the caller's
	stop   context.CancelFunc
	closed atomic.Bool
	over   chan struct{} // closed when the machine has ended
	pinned chan struct{} // closed when the machine knows the content
	inputs chan roles.Input
	cache  *readCache

	modified time.Time // as the node says whose content it is, or, within an FS, the list

	turn   sync.Mutex // of the reads; guards the next fields
	offset int64      // of the next Read
	ahead  ahead

	mu     sync.Mutex
	asked  client.Range // of the machine, the last time
	awaits client.Range // of these, those that are lacking
	failed error        // why these do not come; or why the machine has ended
}

// Open opens a file that nodes have. Its content is the one with the hash that is asked for, or the
// first one that a node has under the name. Only the groups that are read are fetched, and those
// behind them when reading goes on in order: see [File.Expect]. A link that is idle is hung up, and a node
// dialed again when something is to be read. ctx ends every wait, also that of a later read. The
// file is to be closed, but not by the request's Report.
func (c *Client) Open(ctx context.Context, request Request) (*File, error) {
	if ctx.Err() != nil {
		return nil, interrupted(ctx)
	}
	expects, refusal := c.expected()
	if refusal != nil {
		return nil, refusal
	}
	f := &File{
		name: request.Name, ctx: ctx, over: make(chan struct{}), pinned: make(chan struct{}), inputs: make(chan roles.Input),
		cache: newReadCache(c.Cache), ahead: ahead{budget: &c.ahead, last: ^uint64(0)},
	}
	ctx, f.stop = context.WithCancel(ctx)
	reader := client.NewReader(c.Relay, request.Name, request.Hash)
	reader.Expect(expects)
	reader.Enter(c.entry())
	if c.NoCircuits {
		reader.Direct()
	}
	loop := &transport.Loop{Store: f.cache, Inputs: f.inputs, Report: func(outcome roles.Outcome) {
		if request.Report != nil {
			request.Report(outcome)
		}
		f.told(outcome)
	}}
	go func() {
		defer close(f.over)
		c.carry(ctx, loop, reader)
	}()
	select {
	case <-f.pinned:
		return f, nil
	case <-f.over:
		f.stop()
		return nil, f.end()
	}
}

// told handles the reports of the machine.
func (f *File) told(outcome roles.Outcome) {
	switch outcome := outcome.(type) {
	case client.Pinned:
		f.is, f.cache.is = outcome.Identity, outcome.Identity
		f.modified, _ = outcome.Attributes.Time()
		close(f.pinned)
	case client.Unread:
		f.mu.Lock()
		if outcome.Wanted == f.asked || outcome.Result.Outcome == client.DiskFailed {
			f.asked, f.awaits = client.Range{}, client.Range{}
			f.failed = unreadError(outcome.Result)
		}
		f.mu.Unlock()
		f.cache.wake()
	}
}

// unreadError returns the error of groups that cannot be read, with the reason of each node.
func unreadError(r client.Result) error {
	var reasons []string
	for _, tried := range r.Tried {
		if tried.Code != 0 {
			reasons = append(reasons, fmt.Sprintf("%v: %v", tried.Node, tried.Code))
		}
	}
	if len(reasons) > 0 && r.Outcome != client.NoRelay {
		r.Text = strings.Join(reasons, ", ")
	}
	return resultError(r)
}

// end returns why the machine has ended.
func (f *File) end() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed.Load():
		return fs.ErrClosed
	case f.ctx.Err() != nil:
		return interrupted(f.ctx)
	}
	return cmp.Or(f.failed, ErrInterrupted)
}

// Close hangs up and ends reads that wait. Closing again does nothing.
func (f *File) Close() error {
	f.closed.Store(true)
	f.stop()
	<-f.over
	f.turn.Lock() // whoever had it has heard of the end
	defer f.turn.Unlock()
	f.ahead.resize(0)
	f.cache.close()
	return nil
}

// Stat returns the file's name and size, and the modification time that the node said which had the content
// first: the zero time, if it said none. That is a claim, as is each file's, and stays so of this File. Stat may be
// called after Close, too.
func (f *File) Stat() (fs.FileInfo, error) {
	name := f.name
	if name == "" {
		name = f.is.Hash.String()
	}
	return info{name: path.Base(name), size: f.is.Size, modified: f.modified}, nil
}

// Identity returns the content that is read.
func (f *File) Identity() client.Identity { return f.is }

// inTurn does something with the file that nobody else does at the same time.
func (f *File) inTurn(op string, do func() error) error {
	f.turn.Lock() // its holder waits for the machine at most
	defer f.turn.Unlock()
	err := f.ended()
	if err == nil {
		err = do()
	}
	if err != nil && err != io.EOF {
		return &fs.PathError{Op: op, Path: f.name, Err: err}
	}
	return err
}

// ended returns the reason if the machine has ended.
func (f *File) ended() error {
	select {
	case <-f.over:
		return f.end()
	default:
		return nil
	}
}

var (
	_ fs.File     = (*File)(nil)
	_ io.Seeker   = (*File)(nil)
	_ io.ReaderAt = (*File)(nil)
	_ io.WriterTo = (*File)(nil)
)
