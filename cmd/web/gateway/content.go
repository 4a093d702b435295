package gateway

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// content is the body of one answer: an [io.ReadSeeker] over a file, which is opened when something of it is
// needed. Of an answer with several ranges another goroutine reads it, also when the answer is over.
type content struct {
	g  *Gateway
	of key
	is client.Identity // zero: it is not known before the file is open

	ctx  context.Context // of the reads
	stop context.CancelFunc

	mu     sync.Mutex
	file   *borrowed // nil: not open
	unhand func()    // ends the guard of the file
	offset int64
	err    error // why nothing more is read
}

// contentOf returns the body of an answer to a request, which is to be closed.
func (g *Gateway) contentOf(ctx context.Context, of key, is client.Identity) *content {
	c := &content{g: g, of: of, is: is}
	c.ctx, c.stop = context.WithCancel(ctx)
	return c
}

// open opens the file, if there is room.
func (c *content) open(fresh bool) error {
	if !c.g.reads.try() {
		return errBusy
	}
	file, used, err := c.g.files.take(c.ctx, c.of, fresh)
	if err != nil {
		c.g.reads.leave()
		return err
	}
	c.file, c.unhand, c.is = file, file.guard(c.ctx), file.Identity()
	if used { // nodes may have gone since it was read last, or have another content now
		if err := c.probe(); err != nil && c.ctx.Err() == nil {
			c.drop(true)
			return c.open(true)
		}
	}
	return nil
}

// known opens the file if its content is not known otherwise.
func (c *content) known() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.is.Hash.IsZero() {
		return nil
	}
	c.err = c.open(false)
	return c.err
}

// begin opens the file and has its next bytes come, so that what is to fail does so before a status is sent.
func (c *content) begin(probe bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.file == nil && c.is.Size > 0 {
		c.err = c.open(false)
	}
	if c.err == nil && probe {
		c.err = c.probe()
	}
	return c.err
}

// probe reads a byte where reading will begin. Its chunk group is kept by the file.
func (c *content) probe() error {
	if uint64(c.offset) >= c.is.Size {
		return nil
	}
	var one [1]byte
	_, err := c.file.ReadAt(one[:], c.offset)
	return err
}

// Read implements [io.Reader]. It returns no more than is left of a chunk group.
func (c *content) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.ctx.Err() != nil {
		c.err = context.Cause(c.ctx)
	}
	switch {
	case c.err != nil:
		return 0, c.err
	case uint64(c.offset) >= c.is.Size:
		return 0, io.EOF
	case c.file == nil:
		if c.err = c.open(false); c.err != nil {
			return 0, c.err
		}
	}
	n, err := c.file.ReadAt(b[:min(int64(len(b)), protocol.GroupSize-c.offset%protocol.GroupSize, int64(c.is.Size)-c.offset)], c.offset)
	c.offset += int64(n)
	if err != nil {
		c.err = err
	}
	return n, err
}

// Seek implements [io.Seeker]. [http.ServeContent] asks for the size so, and nobody else.
func (c *content) Seek(offset int64, whence int) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += c.offset
	case io.SeekEnd:
		offset += int64(c.is.Size)
	}
	if offset < 0 {
		return 0, errNegative
	}
	c.offset = offset
	return offset, nil
}

var (
	errNegative = errors.New("a negative offset")
	errOver     = errors.New("the answer is over")
)

// failed returns why reading has failed.
func (c *content) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// drop gives the file back.
func (c *content) drop(failed bool) {
	c.unhand()
	c.g.files.release(c.file, failed)
	c.g.reads.leave()
	c.file = nil
}

// close ends reads that wait, within readGrace, and gives the file back.
func (c *content) close() {
	c.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file != nil {
		c.drop(c.err != nil && !errors.Is(c.err, context.Cause(c.ctx)))
	}
	if c.err == nil {
		c.err = errOver
	}
}
