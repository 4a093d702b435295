package gateway

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// What of a zip is fetched before it is needed. Small files come together, over few links: one by one each would take several
// round trips.
const (
	zipAhead   = 8         // units: files that are opened, or fetched if they are of one chunk group
	batchUnits = 4         // what a batch of small files counts as
	mostBatch  = 512       // files of one
	batchBytes = 2 << 20   // of one
	smallBytes = 256 << 10 // of a file that comes in a batch
)

// queue fetches files ahead, and gives them in their order.
type queue struct {
	g     *Gateway
	ctx   context.Context
	files []zipFile // that are not begun
	begun []*part
	units int // of those
	under sync.WaitGroup
}

// zipFile is a file that is to go into a zip, and some of the nodes that have it, if they are known.
type zipFile struct {
	*peer.Published
	holders client.Offer
}

// small reports whether a file comes in a batch.
func (f *zipFile) small() bool { return len(f.holders.Holders) > 0 && f.Size <= smallBytes }

// part is a file of a zip.
type part struct {
	file  zipFile
	units int           // that are over when it is taken
	ready chan struct{} // closed: the others are set
	open  *peer.File    // nil: data is all of it
	data  []byte
	date  time.Time
	err   error
}

// ahead returns a queue of files, which ctx ends.
func (g *Gateway) ahead(ctx context.Context, files []zipFile) *queue {
	return &queue{g: g, ctx: ctx, files: files}
}

// take returns the next file, which is to be closed, or nil.
func (q *queue) take() *part {
	for len(q.files) > 0 && q.units < zipAhead {
		q.begin()
	}
	if len(q.begun) == 0 {
		return nil
	}
	next := q.begun[0]
	q.begun = q.begun[1:]
	q.units -= next.units
	return next
}

// begin begins to fetch the next files: as many small ones as a batch has, or one.
func (q *queue) begin() {
	var parts []*part
	for bytes := uint64(0); len(parts) < len(q.files) && len(parts) < mostBatch; {
		file := q.files[len(parts)]
		if bytes += file.Size; len(parts) > 0 && (!file.small() || bytes > batchBytes) {
			break
		}
		parts = append(parts, &part{file: file, ready: make(chan struct{})})
		if !file.small() {
			break
		}
	}
	q.files, q.begun = q.files[len(parts):], append(q.begun, parts...)
	last := parts[len(parts)-1]
	if len(parts) == 1 {
		last.units = 1
		q.units++
		q.under.Go(func() { last.fetch(q.ctx, q.g.client) })
		return
	}
	last.units = batchUnits
	q.units += batchUnits
	q.under.Go(func() { fetchBatch(q.ctx, q.g.client, parts) })
}

// fetchBatch fetches small files together, and those that did not come so one by one.
func fetchBatch(ctx context.Context, c *peer.Client, parts []*part) {
	offers := make([]client.Offer, len(parts))
	for i, p := range parts {
		offers[i] = p.file.holders
	}
	contents, _ := c.FetchSmall(ctx, offers)
	for i, p := range parts {
		if i < len(contents) && contents[i] != nil {
			p.data, p.date = contents[i], p.file.ModTime()
			close(p.ready)
			continue
		}
		p.fetch(ctx, c)
	}
}

// close closes what was not taken. The context is done before.
func (q *queue) close() {
	q.under.Wait()
	for _, p := range q.begun {
		p.close()
	}
}

// fetch opens the file, and reads it if it is of one chunk group.
func (p *part) fetch(ctx context.Context, client *peer.Client) {
	defer close(p.ready)
	p.err = p.opened(ctx, client)
}

// opened opens the file, with the content that the list has.
func (p *part) opened(ctx context.Context, client *peer.Client) error {
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
		p.open = nil
		defer file.Close()
		p.data = make([]byte, size)
		if _, err := file.ReadAt(p.data, 0); err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// wait waits until the file is here, or open.
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
	p.data = nil
}
