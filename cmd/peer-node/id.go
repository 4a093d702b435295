package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// id is the subcommand that prints the id of the node that shares some folders.
func id() cli.Subcommand {
	var s sharing
	key := func() (string, error) {
		if err := s.parseShares(); err != nil {
			return "", err
		}
		return s.keyName()
	}
	return cli.ID("peer-node", "the id of the node that shares a folder: each folder, and each set of them, has another key", key,
		func(command *cobra.Command) {
			s = sharing{}
			command.Flags().StringArrayVar(&s.shares, "share", nil, "a folder that it shares, or a FILE (default: the current folder); may be given several times")
		})
}

// secure gives the node its network: over TLS, with the key of what it shares. The key is the node's
// alone until unlock is called; where another one on this machine has it, this one draws a key.
func (s *sharing) secure() (unlock func(), err error) {
	unlock = func() {}
	if s.Trust, err = s.secured.Trust(); err != nil {
		return unlock, err
	}
	if s.secured.Plain {
		s.Network = transport.TCP{}
		return unlock, nil
	}
	network := &transport.TLS{By: protocol.Node, MaxUnproven: transport.Unproven(s.MaxLinks), LinkRate: s.LinkRate}
	s.Network = network
	folder := s.secured.Folder()
	if folder == nil {
		return unlock, nil
	}
	name, err := s.keyName()
	if err != nil {
		return unlock, err
	}
	key, lock, err := folder.LockedKey(name)
	switch {
	case errors.Is(err, disk.ErrLocked):
		s.Log.Warn("another node shares the same and has its key: this one has a key for this run alone", "key", folder.Path(name))
		return unlock, nil
	case err != nil:
		return unlock, err
	}
	network.Key = key
	return func() { lock.Close() }, nil
}

// guard has the node serve those alone whom a file lists, if one is named.
func (s *sharing) guard(ctx context.Context) error {
	if s.allow == "" {
		return nil
	}
	if s.secured.Plain {
		return cli.Usage("--allow: in plain nobody has an id by which he could be allowed anything")
	}
	allowed, err := state.OpenAllowed(s.allow)
	if err != nil {
		return fmt.Errorf("--allow: %w", err)
	}
	s.Allow = allowed.Has
	cli.OnHangUp(ctx, func() {
		if err := allowed.Reload(); err != nil {
			s.Log.Error("who is allowed cannot be read; what was read before counts", "why", err)
			return
		}
		s.Log.Info("who is allowed has been read again", "file", s.allow)
	})
	return nil
}

// keyName returns the name of the node's key, which is that of all that it shares.
func (s *sharing) keyName() (string, error) {
	var paths []string
	for _, f := range s.folders {
		paths = append(paths, f.path)
	}
	return state.NodeKeyName(paths...)
}
