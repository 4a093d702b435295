package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/cmd/web/status"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/index"
	"github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// sharing is what the flags ask for: a node that shares a folder, and perhaps mirrors into it.
type sharing struct {
	peer.Node
	secured       cli.Secured
	shown         web.Options // where it shows what it is doing
	door          *web.Door   // there; nil: nowhere
	version       string      // of the program
	id, advertise string      // as they were given
	rate, each    string      // as they were given: bytes a second of all uploads, and of those to one client
	allow         string      // the file of those who are served; "": everybody is
	shares        []string    // as they were given
	folders       []shared    // that it shares
	several       bool        // each of them has a name
	hidden        bool        // names that start with a dot are shared
	index         string      // the file that keeps hashes; "": one in the user's cache; "-": none
	mirror        []string    // patterns of names that are fetched from others, and shared
}

// run shares until ctx is done. When the relay has listed the node, out gets the ready line.
func (s *sharing) run(ctx context.Context, out io.Writer) error {
	most, tellLinks := cli.BoundLinks(s.MaxLinks, 2, s.door.Conns(), s.secured.Plain) // a link has a file open
	s.MaxLinks = most
	unlock, err := s.secure()
	if err != nil {
		return err
	}
	defer unlock()
	listener, err := s.Network.Listen(ctx, s.Listen)
	if err != nil {
		return err
	}
	s.Listener = listener
	if err := s.checkFolders(); err != nil {
		return errors.Join(err, listener.Close())
	}
	opened, err := s.openFolders()
	defer func() {
		for _, folder := range opened {
			folder.Close()
		}
	}()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	tellLinks(s.Log)
	for _, f := range s.folders {
		s.Log.Info("sharing", append([]any{"folder", f.path, "on", listener.Addr(), "with", reach(listener.Addr())}, f.under()...)...)
	}
	s.Share = s.together(opened)
	defer status.Beside(ctx, s.door, status.Node(&s.Node, s.version), s.Log)()
	defer cli.LogStopping(ctx, s.Log)()
	defer cli.ReturnMemory(ctx)()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside sync.WaitGroup
	var mirrored error
	beside.Go(func() {
		listing, err := s.Ready(ctx)
		if err != nil {
			return
		}
		at := listing.At
		if !at.IsValid() { // nobody is sent to us
			at = listing.Listen
		}
		fmt.Fprintf(out, "ready %s %s\n", at, reached(listing, !s.NoCircuits))
		mirrored = s.runMirror(ctx, opened[0])
	})
	err = cli.Served(s.Node.Run(ctx))
	cancel()
	beside.Wait()
	return errors.Join(err, mirrored)
}

// together returns all folders as one share.
func (s *sharing) together(opened []*share.Folder) transport.Share {
	if !s.several {
		return opened[0]
	}
	shares := peer.Shares{}
	for i, f := range s.folders {
		shares[f.key()] = opened[i]
	}
	return shares
}

// reached returns the word of the ready line for whether clients can reach the node.
func reached(listing peer.Listing, circuits bool) string {
	switch {
	case listing.Nowhere() && listing.Relayed() && circuits:
		return "await"
	case listing.Best() == protocol.ReachQueued:
		return protocol.ReachPending.String()
	case listing.Nowhere():
		return "nowhere"
	}
	return listing.Best().String()
}

// checkFolders reports what of all that is shared is not there. Opening one has work begin, of which the log tells.
func (s *sharing) checkFolders() error {
	for _, f := range s.folders {
		if f.isFile {
			continue
		}
		root, err := disk.OpenFolder(f.path)
		if err != nil {
			return err
		}
		root.Close()
	}
	return nil
}

// openFolders opens all that is shared.
func (s *sharing) openFolders() (opened []*share.Folder, err error) {
	for _, f := range s.folders {
		options := share.Options{Hidden: s.hidden, Index: s.indexOf(f), Log: s.Log.Named("share"), Name: f.name}
		folder, err := share.Open(f.path, options)
		if err != nil {
			return opened, err
		}
		opened = append(opened, folder)
	}
	return opened, nil
}

// indexOf returns the file that keeps the hashes of a folder.
func (s *sharing) indexOf(f shared) string {
	switch {
	case s.index == "-":
		return ""
	case s.index != "" && s.several:
		return s.index + "." + f.name
	case s.index != "":
		return s.index
	}
	path, err := index.DefaultPath(f.path)
	if err != nil {
		s.Log.Warn("hashes cannot be kept for the next start; set --index", "why", err)
	}
	return path
}

// runMirror mirrors into the folder until ctx is done, if that is asked for. When another folder takes
// its place, the mirror goes on there.
func (s *sharing) runMirror(ctx context.Context, folder *share.Folder) error {
	if len(s.mirror) == 0 {
		return nil
	}
	for ctx.Err() == nil {
		root, err := disk.OpenFolder(s.folders[0].path)
		if err == nil {
			err = s.mirrorInto(ctx, root, folder)
			root.Close()
		} else if errors.Is(err, fs.ErrNotExist) { // until it is back
			await(ctx, lookGap)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lookGap is the time between two looks at whether the mirror's folder is where it was.
const lookGap = 2 * time.Second

// mirrorInto mirrors into a folder until ctx is done, or its path leads elsewhere.
func (s *sharing) mirrorInto(ctx context.Context, root *os.Root, folder *share.Folder) error {
	info, err := root.Stat(".")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for await(ctx, lookGap) {
			if now, err := os.Stat(s.folders[0].path); err != nil || !os.SameFile(info, now) {
				s.Log.Warn("the folder that is mirrored into is not where it was; the mirror follows it", "folder", s.folders[0].path)
				cancel()
			}
		}
	}()
	mirror := peer.Mirror{
		Client: &peer.Client{Network: s.Network, Relay: s.Relay, Trust: s.Trust, NoCircuits: s.NoCircuits, Log: s.Log.Named("mirror")},
		Folder: root, Patterns: s.mirror, Hidden: s.hidden, Learn: folder.Learn, Log: s.Log,
	}
	return mirror.Run(ctx)
}

// await waits, and reports whether ctx is not done.
func await(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
