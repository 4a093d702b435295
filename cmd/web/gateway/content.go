package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	doubt  bool      // the file was open before: nodes may have gone since it was read last, or have another content now
	offset int64
	end    int64 // to which reading goes on in order; 0: that is not known
	err    error // why nothing more is read
}

// contentOf returns the body of an answer to a request, which is to be closed.
func (g *Gateway) contentOf(ctx context.Context, of key, is client.Identity) *content {
	c := &content{g: g, of: of, is: is}
	c.ctx, c.stop = context.WithCancel(ctx)
	return c
}

// open opens the file, if there is room. It must be what is known of the content.
func (c *content) open(fresh bool) error {
	if !c.g.reads.try() {
		return errBusy
	}
	file, used, err := c.g.files.take(c.ctx, c.of, fresh)
	if err != nil {
		c.g.reads.leave()
		return err
	}
	is := file.Identity()
	if !c.is.Hash.IsZero() && c.is != is { // what was said of the answer is not true: the list has another size
		c.g.files.release(file, false)
		c.g.reads.leave()
		return errOtherSize
	}
	c.file, c.unhand, c.is, c.doubt = file, file.guard(c.ctx), is, used
	file.Expect(c.end) // who had it before has expected something else
	return nil
}

// check reads a byte where reading will begin. A file that is in doubt, and cannot be read any more, gives way to another one.
func (c *content) check() error {
	err := c.probe()
	if err != nil && c.doubt && c.ctx.Err() == nil {
		c.drop(true)
		if c.of.hash.IsZero() { // nothing has been said of it
			c.is = client.Identity{}
		}
		if err = c.open(true); err == nil {
			err = c.probe()
		}
	}
	c.doubt = false
	return err
}

// known opens the file if its content is not known otherwise. What a name stands for is checked, for the header tells of it; a
// hash stands for one content, which is checked where reading begins.
func (c *content) known() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.is.Hash.IsZero() {
		return nil
	}
	if c.err = c.open(false); c.err == nil && c.doubt && c.of.hash.IsZero() {
		c.err = c.check()
	}
	return c.err
}

// begin opens the file and has its next bytes come, so that what is to fail does so before a status is sent. So many
// bytes are read from there on; 0: that is not known, nor from where.
func (c *content) begin(size int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.file == nil && c.is.Size > 0 {
		c.err = c.open(false)
	}
	if c.err != nil || c.file == nil {
		return c.err
	}
	if size > 0 {
		c.end = c.offset + size
		c.file.Expect(c.end)
	}
	if size > 0 || c.doubt {
		c.err = c.check()
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

// writeTo writes so many bytes from where reading is: whole chunk groups, as they lie in the memory of the file. It fails
// with what the writer says, or with what failed says as well.
func (c *content) writeTo(w io.Writer, size int64) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.file == nil {
		return 0, c.err
	}
	to := &limited{w: w, left: size, ctx: c.ctx}
	if _, c.err = c.file.Seek(c.offset, io.SeekStart); c.err != nil {
		return 0, c.err
	}
	_, err := c.file.WriteTo(to)
	n := size - to.left
	c.offset += n
	switch {
	case c.ctx.Err() != nil:
		c.err = context.Cause(c.ctx)
	case to.err != nil:
		return n, to.err
	case to.left > 0:
		c.err = cmp.Or(err, io.ErrUnexpectedEOF)
	}
	return n, c.err
}

// limited is a writer that takes so many bytes.
type limited struct {
	w    io.Writer
	left int64
	ctx  context.Context
	err  error // of the writer
}

var errEnough = errors.New("no more is wanted")

// Write implements [io.Writer]. It fails once it has taken all that is wanted.
func (l *limited) Write(b []byte) (n int, err error) {
	if l.ctx.Err() != nil {
		return 0, context.Cause(l.ctx)
	}
	n, l.err = l.w.Write(b[:min(int64(len(b)), l.left)])
	if l.left -= int64(n); l.err == nil && l.left == 0 {
		return n, errEnough
	}
	return n, l.err
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
	errNegative  = errors.New("a negative offset")
	errOver      = errors.New("the answer is over")
	errOtherSize = fmt.Errorf("the list has another size of this content: %w", protocol.Changed)
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
	c.file.Rest()
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
