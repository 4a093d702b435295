package program

import (
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// progress shows a bar on a terminal while a file comes in. It looks at the spool's size now and then, so that
// the bytes themselves take the system's short way.
type progress struct {
	name  string
	spool *disk.Spool
	bars  *mpb.Progress

	mu   sync.Mutex
	bar  *mpb.Bar // nil before the size is known
	stop chan struct{}
	done sync.WaitGroup
}

// startProgress shows nothing when there is no terminal.
func startProgress(name string, spool *disk.Spool, terminal io.Writer) *progress {
	p := &progress{name: said(name), spool: spool, stop: make(chan struct{})}
	if terminal == nil {
		return p
	}
	p.bars = mpb.New(mpb.WithOutput(terminal), mpb.WithWidth(64))
	p.done.Go(p.look)
	return p
}

// watch learns the file's size from the first CONTENT.
func (p *progress) watch(e transport.Event) {
	content, is := e.Message.(*protocol.Content)
	if p.bars == nil || !is || content.Size == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		p.bar = p.bars.AddBar(int64(content.Size), mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(p.name+" "), decor.CountersKibiByte("% .1f / % .1f")),
			mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1024(0), "% .1f"), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)))
	}
	p.bar.SetTotal(int64(content.Size), false)
}

func (p *progress) look() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.mu.Lock()
			if p.bar != nil {
				p.bar.SetCurrent(p.spool.Size())
			}
			p.mu.Unlock()
		}
	}
}

// end takes the bar away.
func (p *progress) end() {
	close(p.stop)
	p.done.Wait()
	if p.bars == nil {
		return
	}
	if p.bar != nil {
		p.bar.Abort(true)
	}
	p.bars.Wait()
}
