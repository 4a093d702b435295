package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

const (
	loadNodes   = 20
	loadNames   = 1000 // of each node
	loadDeaf    = 2400 // links that ask for lists and do not read
	loadEager   = 100  // links that read their list, and ask again; anew after a refusal
	loadAsks    = 16   // requests ahead of an answer
	loadPause   = 5 * time.Millisecond
	loadPattern = "*x*x*x*x*x*x*x*x*y"
)

// measureLoad is about a relay that strangers ask for lists all the time: what an honest client
// waits for a LOCATE meanwhile, how much memory the relay takes, and how long it takes to stop. The
// strangers are a process of their own, with one processor, so that the machine is not all theirs;
// what the client waits for because the processors are busy is measured beside programs that only
// take as much.
func measureLoad(ctx context.Context, l *lab) (rows []row, err error) {
	relay, at, err := serve(ctx, "ready ", l.program("relay-server"), "--host", "127.0.0.1", "0")
	if err != nil {
		return nil, err
	}
	stopped := false
	defer func() {
		if !stopped {
			err = errors.Join(err, relay.stop())
		}
	}()
	for node := range loadNodes {
		if err := publishMany(ctx, at, byte(node+1)); err != nil {
			return nil, err
		}
	}
	calm, err := locateFor(ctx, at, l.load/4)
	if err != nil {
		return nil, err
	}
	before := peakMemory(relay.Process.Pid)
	strangers, _, err := serve(ctx, "ready", l.program("bench"), "--strangers", at)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, strangers.stop()) }()
	ofRelay, ofStrangers := spent(relay), spent(strangers)
	loaded, err := locateFor(ctx, at, l.load)
	if err != nil {
		return nil, err
	}
	shares := fmt.Sprintf("%.2f,%.2f", ofRelay().Seconds()/l.load.Seconds(), ofStrangers().Seconds()/l.load.Seconds())
	grown := peakMemory(relay.Process.Pid) - before
	begin := time.Now()
	stopped = true
	if err := relay.stop(); err != nil {
		return nil, err
	}
	took := time.Since(begin)
	busy, err := locateBeside(ctx, l, shares)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("LOCATE while %d links ask for lists", loadDeaf+loadEager)
	return []row{
		{what: what + ", median", ours: middle(loaded), unit: "ms", bar: bar{most: 5}},
		{what: "the same without them", ours: middle(calm), unit: "ms"},
		{what: "the same beside programs that take as much of the processors", ours: middle(busy), unit: "ms"},
		{what: what + ", the longest of " + number(float64(len(loaded))), ours: millis(loaded[len(loaded)-1]), unit: "ms", bar: bar{most: 1000}},
		{what: "the longest of " + number(float64(len(busy))) + " beside these programs", ours: millis(busy[len(busy)-1]), unit: "ms"},
		{what: "the relay's memory, beyond that before", ours: float64(grown >> 20), unit: "MiB", bar: bar{most: 256}},
		{what: "the relay's stop, under this load", ours: took.Seconds(), unit: "s", bar: bar{most: 3}},
	}, nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func middle(all []time.Duration) float64 { return millis(all[len(all)/2]) }

// locateBeside asks a relay that nobody else asks, beside a process that takes these shares of
// processors.
func locateBeside(ctx context.Context, l *lab, shares string) (took []time.Duration, err error) {
	relay, at, err := serve(ctx, "ready ", l.program("relay-server"), "--host", "127.0.0.1", "0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, relay.stop()) }()
	busy, _, err := serve(ctx, "ready", l.program("bench"), "--busy", shares)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, busy.stop()) }()
	return locateFor(ctx, at, l.load/2)
}

// beStrangers asks a relay for lists over all of the strangers' links, until ctx is done.
func beStrangers(ctx context.Context, at string, stdout io.Writer) error {
	runtime.GOMAXPROCS(1)
	ctx, cancel := context.WithCancel(ctx)
	var strangers sync.WaitGroup
	defer strangers.Wait()
	defer cancel()
	for i := range loadDeaf + loadEager {
		w, err := dialWire(ctx, at)
		if err != nil {
			return err
		}
		strangers.Go(func() {
			if i < loadDeaf {
				pester(ctx, w)
				return
			}
			for err := error(nil); err == nil; w, err = dialWire(ctx, at) {
				listAlways(ctx, w)
			}
		})
	}
	fmt.Fprintln(stdout, "ready")
	<-ctx.Done()
	return nil
}

// beBusy takes shares of processors until ctx is done.
func beBusy(ctx context.Context, shares string, stdout io.Writer) error {
	var busy sync.WaitGroup
	defer busy.Wait()
	for text := range strings.SplitSeq(shares, ",") {
		share, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		for ; share > 0; share-- { // of one processor each
			work := time.Duration(min(share, 1) * float64(loadPause))
			busy.Go(func() {
				for ctx.Err() == nil {
					for begin := time.Now(); time.Since(begin) < work; {
					}
					time.Sleep(loadPause - work)
				}
			})
		}
	}
	fmt.Fprintln(stdout, "ready")
	<-ctx.Done()
	return nil
}

// publishMany registers a node that has long names, and says them.
func publishMany(ctx context.Context, at string, node byte) error {
	w, err := dialWire(ctx, at)
	if err != nil {
		return err
	}
	defer w.close()
	id := protocol.PeerID{0: node}
	if _, err := w.ask(&protocol.Register{ID: id, Epoch: 1, Port: 1}); err != nil {
		return err
	}
	m := &protocol.Publish{ID: id, Epoch: 1, Index: 1, Latest: loadNames}
	long := strings.Repeat(strings.Repeat("x", 200)+"/", 4)
	for i := range loadNames {
		e := protocol.Entry{Name: fmt.Sprintf("%s%d-%d", long, node, i), Size: smallFile}
		binary.BigEndian.PutUint64(e.Hash[:], uint64(node)<<32+uint64(i)+1)
		m.Changes = append(m.Changes, e)
		if m.To++; len(m.Changes) == 60 || m.To == m.Latest {
			if _, err := w.ask(m); err != nil {
				return err
			}
			m.From, m.Changes = m.To, nil
		}
	}
	return nil
}

// pester asks for lists, and does not read them; it keeps the link until ctx is done.
func pester(ctx context.Context, w *wire) {
	defer w.close()
	w.conn.Write(bytes.Repeat(append(protocol.Append(nil, listAsk("")), protocol.Append(nil, listAsk(loadPattern))...), loadAsks/2))
	<-ctx.Done()
}

// listAlways asks for one list after the other until that is refused.
func listAlways(ctx context.Context, w *wire) {
	defer context.AfterFunc(ctx, func() { w.close() })()
	defer w.close()
	for ctx.Err() == nil {
		if _, err := w.ask(listAsk(loadPattern)); err != nil {
			return
		}
	}
}

func listAsk(pattern string) *protocol.List {
	return &protocol.List{Pattern: pattern, Limit: protocol.MaxPage, Holders: protocol.MaxHolders}
}

// locateFor asks who has a file, each time over a new link, and returns how long each answer took,
// the shortest first.
func locateFor(ctx context.Context, at string, during time.Duration) (took []time.Duration, err error) {
	for end := time.Now().Add(during); time.Now().Before(end); time.Sleep(loadPause) {
		begin := time.Now()
		w, err := dialWire(ctx, at)
		if err != nil {
			return nil, err
		}
		_, err = w.ask(&protocol.Locate{Name: "x"})
		took = append(took, time.Since(begin))
		if err := errors.Join(err, w.close()); err != nil {
			return nil, err
		}
	}
	slices.Sort(took)
	return took, nil
}
