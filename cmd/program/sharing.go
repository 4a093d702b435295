package program

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/relaypeer/relaypeer/transport/disk/index"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// openFolder opens the folder.
func (s *sharing) openFolder() (*share.Folder, error) {
	options := share.Options{Hidden: s.hidden, Index: s.index, Log: s.Log.Named("share")}
	switch s.index {
	case "-":
		options.Index = ""
	case "":
		var err error
		if options.Index, err = index.DefaultPath(s.folder); err != nil {
			s.Log.Warn("hashes cannot be kept for the next start; set --index", "why", err)
		}
	default:
		if err := checkIndex(s.index); err != nil {
			return nil, err
		}
	}
	return share.Open(s.folder, options)
}

// checkIndex refuses an index for which more than one folder would have to be made: that is a slip
// of the pen.
func checkIndex(file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	above := filepath.Dir(filepath.Dir(file))
	if info, err := os.Stat(above); err != nil || !info.IsDir() {
		return usage("--index: there is no folder %q", above)
	}
	return nil
}

// tellIndexed has the log say when everything has been hashed.
func (s *sharing) tellIndexed(ctx context.Context, folder *share.Folder, since time.Time) {
	if folder.Indexed(ctx) != nil {
		return
	}
	all, known := folder.Files()
	if known < all {
		s.Log.Warn("indexed; some files could not be read", "files", known, "in", roughly(time.Since(since)), "unread", all-known)
	} else {
		s.Log.Info("indexed", "files", known, "in", roughly(time.Since(since)))
	}
}

func (s *sharing) newMirror(folder *share.Folder) mirror {
	log := s.Log.Named("mirror")
	return mirror{
		client: Client{Relay: s.Relay, Sources: defaultSources, Log: log},
		folder: s.folder, share: folder, hidden: s.hidden, patterns: s.mirror, log: log,
	}
}
