package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// progress tells people how far a fetch is: with a bar, where there is a terminal, and in lines, which go above the
// bar. Any goroutine may call it; without a terminal only the lines show.
type progress struct {
	label  string
	line   func(text string) // says a line while there is no bar
	events *events           // are told as well; may be nil
	slow   bool              // there is a terminal that cannot draw a bar
	begun  bool              // a content was begun

	drawing sync.Mutex     // held while the bars are told something; they call head and tail, which want mu
	bars    *mpb.Progress  // nil: there is no terminal, or it is over
	bar     *mpb.Bar       // nil before there is something to show
	told    map[delay]bool // of which a line has said so
	last    time.Time      // when a line in place of a bar was due
	off     func()         // ends what happens on the terminal when the user interrupts

	mu sync.Mutex
	figures
}

// delay is why a node makes us wait.
type delay struct {
	node client.Node
	what string
}

// figures are what a bar shows.
type figures struct {
	size    uint64 // bytes in all
	done    uint64 // of them here and verified
	kept    uint64 // of them here before
	since   time.Time
	waiting string // what is waited for; "": nothing, bytes come
	files   int    // here, of many
	of      int    // 0: it is a single file
}

// newProgress shows nothing before it is told something. Terminal may be nil.
func (c *command) newProgress(ctx context.Context, label string, terminal io.Writer) *progress {
	now := time.Now()
	p := &progress{
		label: label, line: c.say, events: c.events, told: map[delay]bool{}, figures: figures{since: now}, last: now,
	}
	p.off, c.progress = func() {}, p
	switch {
	case cli.SpeaksJSON(c.program):
	case terminal != nil && cli.MovesCursor(terminal):
		p.bars = mpb.New(mpb.WithOutput(terminal), mpb.WithWidth(40), mpb.WithRefreshRate(120*time.Millisecond))
		// The terminal shows ^C where the cursor is; from there the bar would not be taken away whole.
		p.off = onInterrupt(ctx, func() { fmt.Fprint(terminal, "\r") })
	case cli.IsTerminal(c.stderr):
		p.slow = terminal != nil
		p.off = onInterrupt(ctx, func() { fmt.Fprintln(c.stderr) }) // lines begin behind ^C
	}
	return p
}

// onInterrupt has do called once when ctx is done, until the returned function is called. When that returns, it has
// been called if ctx is done, and is not any more.
func onInterrupt(ctx context.Context, do func()) (off func()) {
	once := sync.OnceFunc(do)
	stop := context.AfterFunc(ctx, once)
	return func() {
		if stop(); ctx.Err() != nil {
			once()
		}
	}
}

// lineEvery is how far apart lines in place of a bar are.
const lineEvery = 10 * time.Second

// say tells people a line.
func (p *progress) say(format string, args ...any) {
	p.drawing.Lock()
	defer p.drawing.Unlock()
	if p.bar != nil {
		fmt.Fprintf(p.bars, format+"\n", args...)
		return
	}
	p.line(fmt.Sprintf(format, args...))
}

// begin sets how many bytes it is about, and how many of them are here already; of is a number of files, 0 of one.
func (p *progress) begin(size, kept uint64, of int) {
	p.change(func(f *figures) { *f = figures{size: size, done: kept, kept: kept, of: of, since: time.Now()} })
}

// had counts verified bytes, and files that are whole.
func (p *progress) had(bytes uint64, files int) {
	p.change(func(f *figures) { f.done, f.files, f.waiting = f.done+bytes, f.files+files, "" })
}

// wait says what is waited for, until bytes come.
func (p *progress) wait(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.change(func(f *figures) { f.waiting = text })
}

// hashing says that a node is not ready to send.
func (p *progress) hashing(node client.Node, done, size uint64) {
	p.awaits(node, "hashing", fmt.Sprintf("%s is hashing: %d %% of %s", node, cli.Percent(done, size), cli.Bytes(size)))
}

// busy says that a node has no room just now.
func (p *progress) busy(node client.Node) {
	p.awaits(node, "busy", fmt.Sprintf("%s is busy: it is asked again, after others", node))
}

// wayless says that there is no way to a node through the relay just now.
func (p *progress) wayless(node client.Node, why protocol.Code) {
	p.awaits(node, "no way", fmt.Sprintf("no way to %s just now: %s", node, why))
}

// awaits says what a node does that makes us wait. Without a bar it is said once for each node.
func (p *progress) awaits(node client.Node, what, text string) {
	p.drawing.Lock()
	waits := p.bars != nil || p.events != nil
	known := p.told[delay{node, what}]
	p.told[delay{node, what}] = true
	p.drawing.Unlock()
	if waits {
		p.wait("%s", text)
	} else if !known {
		p.say("%s", text)
	}
}

// showsBar reports whether what is waited for is seen in a bar.
func (p *progress) showsBar() bool {
	p.drawing.Lock()
	defer p.drawing.Unlock()
	return p.bars != nil
}

// more adds to what it is about: bytes, of which some are here already.
func (p *progress) more(size, kept uint64) {
	p.change(func(f *figures) { f.size, f.done, f.kept = f.size+size, f.done+kept, f.kept+kept })
}

func (p *progress) change(do func(*figures)) {
	p.mu.Lock()
	do(&p.figures)
	now := p.figures
	p.mu.Unlock()
	p.drawing.Lock()
	defer p.drawing.Unlock()
	p.events.progress(now)
	if p.slow && time.Since(p.last) >= lineEvery {
		p.last = time.Now()
		p.line(p.head() + p.tail())
	}
	if p.bars == nil {
		return
	}
	if p.bar == nil {
		p.bar = p.bars.AddBar(0, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.head() })),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.tail() })))
	}
	p.bar.SetTotal(int64(min(now.size, math.MaxInt64-1))+1, false) // one more than there are: only end takes the bar away
	p.bar.SetCurrent(int64(min(now.done, now.size)))
}

func (p *progress) head() string {
	const most = 24
	label := []rune(cli.ForDisplay(p.label))
	if len(label) > most {
		label = append(label[:most-3], '.', '.', '.')
	}
	return string(label) + " "
}

// mostLeft bounds the time that is said to be left: nodes may claim any size.
const mostLeft = 10_000 * time.Hour

func (p *progress) tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting != "" {
		return " " + p.waiting
	}
	text := fmt.Sprintf(" %s of %s", cli.Bytes(p.done), cli.Bytes(p.size))
	if p.of > 0 {
		text = fmt.Sprintf(" %s of %s files,%s", cli.Grouped(p.files), cli.Grouped(p.of), text)
	}
	fresh, took := p.done-p.kept, time.Since(p.since)
	if fresh == 0 || took < time.Second {
		return text
	}
	pace := float64(fresh) / took.Seconds()
	left := time.Duration(min(float64(p.size-min(p.done, p.size))/pace, mostLeft.Seconds()) * float64(time.Second))
	return fmt.Sprintf("%s, %s/s, %v left", text, cli.Bytes(uint64(pace)), left.Round(time.Second))
}

// end takes the bar away. Lines may still be said.
func (p *progress) end() {
	p.drawing.Lock()
	defer p.drawing.Unlock()
	defer p.off()
	if p.bars == nil {
		return
	}
	if p.bar != nil {
		p.bar.Abort(true)
	}
	p.bars.Wait()
	p.bar, p.bars = nil, nil
}
