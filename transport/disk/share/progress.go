package share

import "github.com/relaypeer/relaypeer/transport"

// Progress, Hashing and Unshared are what a Folder tells as a [transport.Described].
type (
	Progress = transport.Progress
	Hashing  = transport.Hashing
	Unshared = transport.Unshared
)

var _ transport.Described = (*Folder)(nil)

// Progress implements [transport.Described].
func (s *Folder) Progress() Progress { return Progress{} }

// Unshared implements [transport.Described].
func (s *Folder) Unshared(most int) (all int, some []Unshared) { return 0, nil }
