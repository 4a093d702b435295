package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/relaypeer/relaypeer/transport/disk/state"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// mark is what a relay leaves for its next start: that it ran at a port, and how many nodes it had. A
// relay that finds one is young, and says so, until they are back.
type mark struct {
	Until time.Time `json:"until"`
	Nodes int       `json:"nodes"`
}

// passed is what a relay leaves of what circuits have passed today.
type passed struct {
	Passed []peer.Passed `json:"passed"`
}

// mostPassed is more bytes than what has passed takes, for as many clients as a relay counts for.
const mostPassed = 16 << 20

// passedName returns the name of what circuits have passed at a relay at a port, in the state folder.
func passedName(port uint16) string { return fmt.Sprintf("relay-%d-circuits.json", port) }

// readPassed returns what circuits have passed today. A damaged file counts as none: it costs a day's quota.
func readPassed(folder *state.Folder, name string) (p passed, err error) {
	text, err := folder.Read(name, mostPassed)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return passed{}, err
	}
	return p, nil
}

// write replaces what has passed.
func (p passed) write(folder *state.Folder, name string) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return folder.Replace(name, append(text, '\n'))
}

// A mark is written markEvery, and within markSoon when nodes have come, for a relay may be killed.
const (
	markEvery = time.Minute
	markSoon  = time.Second
)

// mostMark is more bytes than a mark has.
const mostMark = 4 << 10

// markName returns the name of the mark of a relay at a port, in the state folder.
func markName(port uint16) string { return fmt.Sprintf("relay-%d.json", port) }

// readMark returns a mark of that name. There is none at a first start; a damaged one counts as one of
// many nodes, so that the relay is young rather than wrong.
func readMark(folder *state.Folder, name string) (m mark, err error) {
	text, err := folder.Read(name, mostMark)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || m.Nodes < 0 {
		m.Nodes = 1 << 30
	}
	return m, err
}

// write replaces the mark of that name.
func (m mark) write(folder *state.Folder, name string) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return folder.Replace(name, append(text, '\n'))
}

// keepMark writes the mark of a relay until ctx is done, and once more then. It reports what fails, once.
func keepMark(ctx context.Context, folder *state.Folder, port uint16, r *peer.Relay, failed func(error)) {
	name := markName(port)
	beat := time.NewTicker(markSoon)
	defer beat.Stop()
	last, told := mark{Nodes: -1}, false
	for going := true; going; {
		select {
		case <-beat.C:
		case <-ctx.Done():
			going = false
		}
		now := mark{time.Now(), r.Expected()}
		if going && now.Nodes <= last.Nodes && now.Until.Sub(last.Until) < markEvery {
			continue
		}
		err := now.write(folder, name)
		if today := (passed{r.PassedToday()}); len(today.Passed) > 0 {
			err = errors.Join(err, today.write(folder, passedName(port)))
		}
		if err != nil && !told {
			told = true
			failed(err)
		}
		last = now
	}
}
