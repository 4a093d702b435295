package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
)

// shared is a folder, or a file, that is shared.
type shared struct {
	path   string // absolute
	name   string // under which it is shared, if there are several or it was named
	isFile bool
}

// key returns the key of a peer.Shares.
func (f shared) key() string {
	if f.isFile {
		return f.name
	}
	return f.name + "/"
}

// under returns the words of the log about its name, if it has one.
func (f shared) under() []any {
	if f.name == "" {
		return nil
	}
	return []any{"under", f.key()}
}

// parseShares reads what is to be shared. Without any it is the current folder, unless that was
// hardly meant.
func (s *sharing) parseShares() error {
	if len(s.shares) == 0 {
		s.shares = []string{"."}
		if err := checkDefault(); err != nil {
			return err
		}
	}
	for _, text := range s.shares {
		name, path := cutName(text)
		if path == "" { // a variable that is not set is not the current folder
			return cli.Usage("--share: no folder is named; --share . is the current one")
		}
		absolute, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		f := shared{path: absolute, name: name}
		if info, err := os.Stat(absolute); err == nil {
			f.isFile = info.Mode().IsRegular()
		}
		s.folders = append(s.folders, f)
		s.several = s.several || name != ""
	}
	s.several = s.several || len(s.folders) > 1
	if !s.several {
		return s.checkMirror()
	}
	return cmp.Or(s.nameShares(), s.checkMirror())
}

// cutName cuts NAME=PATH. What exists as a whole has no name.
func cutName(text string) (name, path string) {
	name, path, found := strings.Cut(text, "=")
	if _, err := os.Lstat(text); err == nil || !found || strings.ContainsRune(name, filepath.Separator) {
		return "", text
	}
	return name, path
}

// nameShares gives each of several shares its name.
func (s *sharing) nameShares() error {
	taken := map[string]bool{}
	for i := range s.folders {
		f := &s.folders[i]
		f.name = protocol.Composed(cmp.Or(f.name, filepath.Base(f.path)))
		shown := cli.ForDisplay(f.name)
		if err := protocol.CheckName(f.name); err != nil || strings.Contains(f.name, "/") {
			return cli.Usage("--share: %q cannot be the name of a share; --share NAME=%s gives it one", shown, cli.ForDisplay(f.path))
		}
		if taken[f.name] {
			return cli.Usage("--share: two are named %q; --share NAME=%s gives one another name", shown, cli.ForDisplay(f.path))
		}
		taken[f.name] = true
	}
	return nil
}

// checkMirror refuses a mirror into anything but one folder.
func (s *sharing) checkMirror() error {
	if len(s.mirror) > 0 && (s.several || s.folders[0].isFile) {
		return cli.Usage("--mirror needs a --share of one folder, without a name")
	}
	return nil
}

// checkDefault refuses to share all of the user's or of the machine's files because no folder was
// given.
func checkDefault() error {
	here, err := os.Stat(".")
	if err != nil {
		return err
	}
	home, _ := os.UserHomeDir()
	for path, what := range map[string]string{home: "your home folder", filepath.VolumeName(home) + string(filepath.Separator): "the root of the file system"} {
		if info, err := os.Stat(path); path != "" && err == nil && os.SameFile(here, info) {
			return cli.Usage("the current folder is %s: --share DIR says what to share, and --share . that it is meant", what)
		}
	}
	return nil
}

// reach says who can reach a node that listens there.
func reach(at netip.AddrPort) string {
	switch {
	case at.Addr().IsUnspecified():
		return fmt.Sprintf("everybody who can connect to port %d of this machine", at.Port())
	case at.Addr().IsLoopback():
		return "this machine only"
	}
	return fmt.Sprintf("everybody who can connect to %s", at)
}
