package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

const rsyncConfig = `use chroot = no
%sread only = yes
[share]
path = %s
`

// module is an rsync daemon over a folder.
type module struct {
	*server
	program, url string
}

// startModule starts an rsync daemon over a folder, or returns nil if there is none here.
func (l *lab) startModule(ctx context.Context, root string) (*module, error) {
	path := l.find("rsync")
	if path == "" {
		return nil, nil
	}
	dir, err := l.scratch("rsync")
	if err != nil {
		return nil, err
	}
	at, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(at)
	user := ""
	if os.Geteuid() == 0 {
		user = "uid = root\ngid = root\n"
	}
	config := filepath.Join(dir, "rsyncd.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, rsyncConfig, user, root), 0o644); err != nil {
		return nil, err
	}
	s, _, err := serve(ctx, "", path, "--daemon", "--no-detach", "--config="+config, "--address="+host, "--port="+port)
	if err != nil {
		return nil, err
	}
	if err := s.answers(ctx, at); err != nil {
		return nil, err
	}
	return &module{s, path, "rsync://" + at + "/share/"}, nil
}
