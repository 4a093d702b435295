package peer

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// Mirror fetches into a folder what nodes publish under names that match, and keeps looking for
// more. A name under which anything lies in the folder is left alone: nothing is ever replaced. If a
// Node shares the folder, it serves the copies, too. The fields are the options and are left alone
// once it runs; Client, Folder and Patterns are needed.
type Mirror struct {
	Client   *Client
	Folder   *os.Root
	Patterns []string     // as of Client.List
	Hidden   bool         // names with a component that starts with a dot are mirrored, too
	Learn    store.Learn  // is called with each larger content that has been put in its place; may be nil
	Log      hclog.Logger // may be nil
}

// A Mirror looks again after firstPause, then after twice that, and so on up to longestPause, and
// after firstPause again when it has found something.
const (
	firstPause   = 2 * time.Second
	longestPause = 30 * time.Second
)

// Run mirrors until ctx is done, and returns nil then. What cannot be fetched is tried again with
// the next look. An error says why the Mirror could not be used.
func (m *Mirror) Run(ctx context.Context) error {
	if m.Client == nil || m.Folder == nil {
		return errMirrorIncomplete
	}
	for _, pattern := range m.Patterns {
		if err := checkPattern(pattern); err != nil {
			return err
		}
	}
	log := logger(m.Log).Named("mirror")
	var said obstructed
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, longestPause) {
		if m.look(ctx, log, &said) > 0 {
			pause = firstPause
		}
		timer := time.NewTimer(roles.Vary(pause, 20, rand.Uint64()))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	return nil
}

// obstructed tells of names under which nothing can lie, for a file or a link is where a folder of
// theirs must be.
type obstructed struct {
	files int
	first string
	why   error
}

// look fetches what is to be had now, and returns how many files that was. Names that are obstructed
// are said when others were at the last look.
func (m *Mirror) look(ctx context.Context, log hclog.Logger, said *obstructed) (fetched int) {
	var found []client.Offer
	var way obstructed
	for _, pattern := range m.Patterns {
		offers, err := m.missing(ctx, pattern, &way)
		if err != nil {
			if ctx.Err() == nil {
				log.Warn("the names could not be listed", "why", err)
			}
			return 0
		}
		found = append(found, offers...)
	}
	if way.files > 0 && (way.files != said.files || way.first != said.first) {
		log.Warn("not mirrored, for something is in the way", "files", way.files, "first", protocol.Printable(way.first, mostText), "why", way.why)
	}
	*said = way
	if len(found) == 0 {
		return 0
	}
	since := time.Now()
	all := m.Client.FetchAll(ctx, AllRequest{Offers: found, Options: store.Options{Learn: m.Learn, NoReplace: true}}, m.Folder)
	return logMirrored(ctx, log, all, time.Since(since))
}

// missing returns what is published under names that match a pattern and are not taken here. It
// counts those that are obstructed.
func (m *Mirror) missing(ctx context.Context, pattern string, way *obstructed) (offers []client.Offer, err error) {
	may := newBudget()
	for offer, err := range m.Client.List(ctx, pattern, true) {
		if err != nil {
			return nil, err
		}
		if !offer.Hash.IsZero() && m.wants(offer.Name, way) { // one without a hash will have one, or cannot be had
			if err := may.spend(1, int64(len(offer.Name))); err != nil {
				return nil, err
			}
			offers = append(offers, offer)
		}
	}
	return offers, nil
}

// wants reports whether nothing lies under a name, and a file that does would be shared.
func (m *Mirror) wants(name string, way *obstructed) bool {
	if protocol.Hidden(name) && !m.Hidden {
		return false
	}
	_, err := m.Folder.Lstat(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err != nil
	}
	if way.files == 0 || name < way.first { // names come in no order
		way.first, way.why = name, err
	}
	way.files++
	return false
}

// logMirrored logs what a look brought, and returns how many files that was.
func logMirrored(ctx context.Context, log hclog.Logger, all AllResult, took time.Duration) (fetched int) {
	for _, clash := range all.Chosen.Clashes {
		log.Debug("passed over", "name", clash.Name, "for", clash.Other)
	}
	var bytes uint64
	var failed []string
	var why error // of the first
	for _, file := range all.Files {
		err := resultError(file.Result)
		if errors.Is(err, store.ErrTaken) {
			log.Info("left alone, for something has been put there", "files", len(file.Names), "first", protocol.Printable(file.Names[0], mostText))
			continue
		}
		if err != nil {
			failed = append(failed, file.Names...)
			why = cmp.Or(why, err)
			continue
		}
		fetched += len(file.Names)
		bytes += file.Result.Size * uint64(len(file.Names))
	}
	if fetched > 0 {
		log.Info("mirrored", "files", fetched, "bytes", bytes, "took_ms", took.Milliseconds())
	}
	if len(failed) > 0 && ctx.Err() == nil {
		log.Warn("not fetched, for now", "files", len(failed), "first", protocol.Printable(failed[0], mostText), "why", why)
	}
	return fetched
}
