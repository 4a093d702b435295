package main

import (
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
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

// keyName returns the name of the node's key, which is that of all that it shares.
func (s *sharing) keyName() (string, error) {
	var paths []string
	for _, f := range s.folders {
		paths = append(paths, f.path)
	}
	return state.NodeKeyName(paths...)
}
