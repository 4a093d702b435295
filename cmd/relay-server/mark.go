package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/relaypeer/relaypeer/transport/peer"
)

// mark is what a relay leaves for its next start: that it ran at a port, and how many nodes it had. A
// relay that finds one is young, and says so, until they are back.
type mark struct {
	Until time.Time `json:"until"`
	Nodes int       `json:"nodes"`
}

// A mark is written markEvery, and within markSoon when nodes have come, for a relay may be killed.
const (
	markEvery = time.Minute
	markSoon  = time.Second
)

// markPath returns where the mark of a relay at a port is kept, in a state folder that is made if it is not there.
func markPath(folder string, port uint16) (string, error) {
	if folder == "" {
		var err error
		if folder, err = stateFolder(); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(folder, fmt.Sprintf("relay-%d.json", port)), nil
}

// stateFolder returns the default state folder: the user's, as the XDG base directories say.
func stateFolder() (string, error) {
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "relaypeer"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "state", "relaypeer"), nil
}

// readMark returns the mark at a path. There is none at a first start; a damaged one counts as one of
// many nodes, so that the relay is young rather than wrong.
func readMark(path string) (m mark, err error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
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

// write replaces the mark at a path.
func (m mark) write(path string) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// keepMark writes the mark of a relay until ctx is done, and once more then. It reports what fails, once.
func keepMark(ctx context.Context, path string, r *peer.Relay, failed func(error)) {
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
		if err := now.write(path); err != nil && !told {
			told = true
			failed(err)
		}
		last = now
	}
}
