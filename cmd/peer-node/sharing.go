package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/index"
	"github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// sharing is what the flags ask for: a node that shares a folder, and perhaps mirrors into it.
type sharing struct {
	peer.Node
	id, advertise string   // as they were given
	folder        string   // that it shares
	hidden        bool     // names that start with a dot are shared
	index         string   // the file that keeps hashes; "": one in the user's cache; "-": none
	mirror        []string // patterns of names that are fetched from others, and shared
}

// run shares until ctx is done. When the relay has listed the node, out gets the ready line.
func (s *sharing) run(ctx context.Context, out io.Writer) error {
	folder, err := s.openFolder()
	if err != nil {
		return err
	}
	defer folder.Close()
	listener, err := transport.TCP{}.Listen(ctx, s.Listen)
	if err != nil {
		return err
	}
	s.Share, s.Listener = folder, listener
	s.MaxLinks = cli.BoundLinks(s.Log, s.MaxLinks, 2) // a link has a file open
	s.Log.Info("sharing", "folder", s.folder, "on", listener.Addr())
	defer cli.LogStopping(ctx, s.Log)()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside sync.WaitGroup
	var mirrored error
	beside.Go(func() {
		if _, err := s.Ready(ctx); err != nil {
			return
		}
		fmt.Fprintf(out, "ready %s\n", listener.Addr())
		mirrored = s.runMirror(ctx, folder)
	})
	err = cli.Served(s.Node.Run(ctx))
	cancel()
	beside.Wait()
	return errors.Join(err, mirrored)
}

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
	}
	return share.Open(s.folder, options)
}

// runMirror mirrors into the folder until ctx is done, if that is asked for.
func (s *sharing) runMirror(ctx context.Context, folder *share.Folder) error {
	if len(s.mirror) == 0 {
		return nil
	}
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return err
	}
	defer root.Close()
	mirror := peer.Mirror{
		Client: &peer.Client{Relay: s.Relay, Log: s.Log.Named("mirror")},
		Folder: root, Patterns: s.mirror, Hidden: s.hidden, Learn: folder.Learn, Log: s.Log,
	}
	return mirror.Run(ctx)
}
