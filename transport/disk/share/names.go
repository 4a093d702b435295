package share

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/text/unicode/norm"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Some systems store names decomposed: an é as two characters. Names of the protocol are composed. A
// name is looked up as it is, and where there is nothing, in its decomposed form; so the name of the
// disk must be all of one form to be found.

// decompose returns the form in which some systems store a name.
func decompose(name string) string { return norm.NFD.String(name) }

// compose returns the composed form of a name of the disk, or why it is not allowed or not found by
// that.
func compose(disk string) (name, why string) {
	err := protocol.CheckName(disk)
	if err == nil {
		return disk, ""
	}
	name = protocol.Composed(disk)
	switch {
	case name == disk || !utf8.ValidString(disk) || protocol.CheckName(name) != nil:
		return "", strings.TrimPrefix(protocol.AsError(err).Text, "bad name: ")
	case decompose(name) != disk:
		return "", "neither in Unicode normal form C nor, throughout, in form D"
	}
	return name, ""
}

// compose returns the name under which a name of the disk is shared, or why it cannot be.
func (s *Folder) compose(disk string) (name, why string) {
	if s.only != "" {
		return s.only, ""
	}
	return compose(disk)
}

// nameOf returns the name under which a file in a folder is shared, or why it cannot be.
func (s *scanner) nameOf(d *dir, disk string) (name, why string) {
	name, why = s.compose(disk)
	if why != "" || name == disk || s.only != "" {
		return name, why
	}
	g := s.ground.Load()
	composed, err := g.lstat(name)
	if err != nil {
		return name, ""
	}
	_, base := parent(disk)
	if info, err := g.lstat(child(d.real, base)); err == nil && os.SameFile(info, composed) {
		return name, "" // this system takes both names for the same
	}
	return "", inBothForms
}

// inBothForms is why a name is not shared that another file has in the other form.
const inBothForms = "another file has this name in Unicode normal form C"

// follow returns the state of what a link in a folder leads to, and the name of that without links;
// or none, if it is not shared.
func (s *scanner) follow(d *dir, name, link string) (info fs.FileInfo, real string) {
	g := s.ground.Load()
	real, err := g.within(link)
	if err == nil {
		err = s.options.ask("follow", name)
	}
	if err == nil {
		info, err = g.lstat(real)
	}
	switch {
	case isFailure(err):
		s.blind = true
		s.exclude(name, byFailure, disk.Reason(err).Error(), false)
	case errors.Is(err, fs.ErrNotExist):
		s.pass(name, byLink, "a link that leads nowhere")
	case err != nil:
		s.pass(name, byLink, "a link that leads out of the share")
	case info.IsDir() && d.loops(real):
		s.pass(name, byLink, "a link that leads back to a folder on its way")
	case info.IsDir() && s.folders[name] == nil && s.aliases >= mostAliases:
		s.pass(name, byLimit, "a link to a folder, beyond as many as are followed")
	default:
		return info, real
	}
	return nil, ""
}

// passed holds what a walk passes over: names that are not shared.
type passed struct {
	count int             // in the latest walk, and since
	named map[string]bool // some of these, which the log has told
	told  int             // the largest count that it has told
}

// mostPassed bounds the names that the log tells; the others are counted.
const mostPassed = 20

func newPassed() passed { return passed{named: map[string]bool{}} }

// pass notes that a name is not shared, and tells the reason.
func (s *scanner) pass(name string, by cause, why string) {
	s.exclude(name, by, why, false)
	s.tellPassed(name, why)
}

func (s *scanner) tellPassed(name, why string) {
	p := &s.passed
	p.count++
	if len(p.named) >= mostPassed || p.named[name] {
		return
	}
	p.named[name] = true
	s.log.Warn("not shared", "name", protocol.Printable(name, 200), "why", why)
}

// tellMore tells how many names were passed over, when they are more than was told.
func (p *passed) tellMore(log hclog.Logger) {
	if p.count <= max(p.told, len(p.named)) {
		return
	}
	p.told = p.count
	log.Warn("more names are not shared", "count", p.count-len(p.named), "named", len(p.named))
}
