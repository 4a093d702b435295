package gateway

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// zipAhead is how many files of a zip are opened before they are needed. Those of one chunk group are read as well, so that
// many small files do not wait for one round trip each.
const zipAhead = 8

// queue opens files ahead, and gives them in their order.
type queue struct {
	g       *Gateway
	ctx     context.Context
	files   []*peer.Published // that are not begun
	begun   []*part
	opening sync.WaitGroup
}

// part is a file of a zip.
type part struct {
	file  *peer.Published
	ready chan struct{} // closed: the others are set
	open  *peer.File    // nil: data is all of it
	data  []byte
	date  time.Time
	err   error
}

// ahead returns a queue of files, which ctx ends.
func (g *Gateway) ahead(ctx context.Context, files []*peer.Published) *queue {
	return &queue{g: g, ctx: ctx, files: files}
}

// take returns the next file, which is to be closed, or nil.
func (q *queue) take() *part {
	for len(q.files) > 0 && len(q.begun) < zipAhead {
		p := &part{file: q.files[0], ready: make(chan struct{})}
		q.files, q.begun = q.files[1:], append(q.begun, p)
		q.opening.Go(func() {
			defer close(p.ready)
			p.err = p.fetch(q.ctx, q.g.client)
		})
	}
	if len(q.begun) == 0 {
		return nil
	}
	next := q.begun[0]
	q.begun = q.begun[1:]
	return next
}

// close closes what was not taken. The context is done before.
func (q *queue) close() {
	q.opening.Wait()
	for _, p := range q.begun {
		p.close()
	}
}

// fetch opens the file, with the content that the list has, and reads it if it is small.
func (p *part) fetch(ctx context.Context, client *peer.Client) error {
	file, err := client.Open(ctx, peer.Request{Name: p.file.Name, Hash: p.file.Hash})
	if err != nil {
		return err
	}
	p.open = file
	is, err := file.Stat()
	if p.date = p.file.ModTime(); p.date.IsZero() && err == nil {
		p.date = is.ModTime()
	}
	if size := file.Identity().Size; size <= protocol.GroupSize {
		defer func() {
			p.open = nil
			file.Close()
		}()
		p.data = make([]byte, size)
		if _, err := file.ReadAt(p.data, 0); err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// wait waits until the file is open.
func (p *part) wait() error {
	<-p.ready
	return p.err
}

// modified returns when the file was modified, or, where that is not known, another time.
func (p *part) modified(otherwise time.Time) time.Time {
	if p.date.IsZero() {
		return otherwise
	}
	return p.date
}

// copyTo writes all of the file.
func (p *part) copyTo(to io.Writer) error {
	if p.open == nil {
		_, err := to.Write(p.data)
		return err
	}
	size := p.open.Identity().Size
	p.open.Expect(int64(size))
	n, err := p.open.WriteTo(to)
	if err == nil && uint64(n) != size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// close closes the file, if it is open.
func (p *part) close() {
	<-p.ready
	if p.open != nil {
		p.open.Close()
		p.open = nil
	}
}
