package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/roles/client"
)

// summary is what the fetch of many files comes to.
type summary struct {
	folder string            // where they go
	say    func(line string) // about what failed
	since  time.Time
	here   int    // files that were here already
	files  int    // fetched
	bytes  uint64 // of these, those of one content once
	failed int    // files
	stays  int    // files of which a part stays
	first  error  // failure; that the user interrupts is the last to count

	reasons []reason       // that have not been told, up to mostReasons
	more    int            // files with others
	at      map[string]int // where in it a text stands
}

// reason is why some files are not there.
type reason struct {
	text  string
	names []string // quoted, some of them; none where the text itself names the file
	files int
}

const (
	mostReasons = 20 // lines
	mostNamed   = 3  // files in a line about several
)

func newSummary(folder string, say func(string)) *summary {
	return &summary{folder: folder, say: say, since: time.Now(), at: map[string]int{}}
}

// fetched counts the files of a content that is in its places.
func (s *summary) fetched(file client.Gathered) {
	if r := file.Result; r.Size > 0 && r.Kept == r.Size {
		s.here += len(file.Names)
		return
	}
	s.files += len(file.Names)
	s.bytes += file.Result.Size
}

// notFetched counts a content of which something may have come.
func (s *summary) notFetched(file client.Gathered) {
	if r := file.Result; r.Kept > 0 || len(r.From) > 0 {
		s.stays++
	}
}

// fail counts a file that is not there.
func (s *summary) fail(name string, why error) {
	s.failed++
	s.failArgument(name, why)
}

// failArgument keeps a failure that is a file's, or an argument's that stands for no file.
func (s *summary) failArgument(name string, why error) {
	if s.first == nil || cli.ExitCode(s.first) == cli.ExitInterrupted {
		s.first = why
	}
	if cli.ExitCode(why) == cli.ExitInterrupted {
		return
	}
	quoted := fmt.Sprintf("%q", cli.ForDisplay(name))
	r := s.reason(why.Error())
	if r == nil {
		s.more++
		return
	}
	if r.files++; r.files <= mostNamed && !strings.Contains(r.text, quoted) {
		r.names = append(r.names, quoted)
	}
}

// tellLater keeps a failure that is no file's.
func (s *summary) tellLater(why error) {
	if s.first == nil {
		s.first = why
	}
	s.reason(why.Error())
}

// reason returns the reason with a text, or nil if there are too many to tell.
func (s *summary) reason(text string) *reason {
	at, known := s.at[text]
	switch {
	case known:
	case len(s.reasons) == mostReasons:
		return nil
	default:
		at, s.at[text] = len(s.reasons), len(s.reasons)
		s.reasons = append(s.reasons, reason{text: text})
	}
	return &s.reasons[at]
}

// withoutPlace returns a failure of our disk without the name of the file, whose content has these: the
// reason may be the same for many.
func (s *summary) withoutPlace(text string, names []string) string {
	why, is := strings.CutPrefix(text, s.folder+": ")
	for i := 0; i < len(names) && !is; i++ {
		why, is = strings.CutPrefix(text, filepath.Join(s.folder, filepath.FromSlash(names[i]))+": ")
	}
	if !is {
		return text
	}
	return fmt.Sprintf("cannot be written to %s: %s", s.folder, why)
}

// tell prints the reasons that have not been told.
func (s *summary) tell() {
	for _, r := range s.reasons {
		switch names := strings.Join(r.names, ", "); {
		case names == "":
			s.say(r.text)
		case r.files > len(r.names):
			s.say(fmt.Sprintf("%s and %s more: %s", names, cli.Grouped(r.files-len(r.names)), r.text))
		default:
			s.say(fmt.Sprintf("%s: %s", names, r.text))
		}
	}
	if s.more > 0 {
		s.say(fmt.Sprintf("and %s more failures", cli.Grouped(s.more)))
	}
	s.reasons, s.more = nil, 0
	clear(s.at)
}

// any reports whether it was about any file.
func (s *summary) any() bool { return s.files+s.here+s.failed > 0 }

// line returns the whole in one line.
func (s *summary) line() string {
	line := files(s.files) + " fetched"
	if s.files > 0 {
		line += ", " + cli.Pace(s.bytes, time.Since(s.since))
	}
	if s.here > 0 {
		line += fmt.Sprintf("; %s here already", files(s.here))
	}
	if s.failed > 0 {
		line += fmt.Sprintf("; %s not fetched", files(s.failed))
	}
	if s.stays > 0 {
		line += fmt.Sprintf("; of %s a part stays: the same command goes on", files(s.stays))
	}
	return line
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return cli.Grouped(n) + " files"
}
