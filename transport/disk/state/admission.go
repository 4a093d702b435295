package state

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Admission is who may use a closed relay, for the relay itself: it keeps [AdmitFiles] in memory, and
// writes the members. Its methods may be called at once; those that say so read or write files.
type Admission struct {
	files AdmitFiles
	lock  io.Closer

	admitting  sync.Mutex // held while the members' file is changed
	memberFile            // of admitting

	reading sync.Mutex   // held while the files of the command line are read: those who wait find them read
	waiting atomic.Int32 // of strangers, for that
	unread  error        // why they could not be read last
	tried   time.Time    // when that was

	mu      sync.RWMutex
	listed  map[protocol.PeerID]protocol.Role
	names   map[protocol.PeerID]string // of these
	called  map[protocol.PeerID]string // the names of members, those of their tokens
	tokens  map[protocol.TokenID]Token
	members map[protocol.PeerID]protocol.Role
	used    Uses
	barred  map[protocol.PeerID]bool
	void    map[protocol.TokenID]bool
	version uint64                 // counts what was read
	looked  map[string]fs.FileInfo // the tokens and the revoked, as they were read; nil: not there
}

// memberFile is what is known of the members' file.
type memberFile struct {
	size   int64 // as far as it is durable
	ended  bool  // its last line has an end
	unsure bool  // behind that there may be what could not be written as a whole
}

// OpenAdmission reads the files of which the owner's is at a path. It fails if one of them cannot be read
// or makes no sense, or if another relay runs with them.
func OpenAdmission(path string) (*Admission, error) {
	files, err := AdmitAt(path)
	if err != nil {
		return nil, err
	}
	held, err := files.lockMembers()
	if err != nil {
		return nil, err
	}
	a := &Admission{files: files, lock: held, looked: map[string]fs.FileInfo{}}
	if err := errors.Join(a.Reload(), a.readMembers(), a.readAgain()); err != nil {
		held.Close()
		return nil, err
	}
	return a, nil
}

// Close frees the files for another relay.
func (a *Admission) Close() error { return a.lock.Close() }

// Path returns where the owner's file is.
func (a *Admission) Path() string { return a.files.Path() }

// Reload reads the owner's file. What was read before stays if it fails.
func (a *Admission) Reload() error {
	all, err := a.files.Listed()
	if err != nil {
		return err
	}
	listed, names := make(map[protocol.PeerID]protocol.Role, len(all)), make(map[protocol.PeerID]string, len(all))
	for _, one := range all {
		listed[one.ID], names[one.ID] = one.Role, one.Name
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listed, a.names = listed, names
	a.version++
	return nil
}

// readMembers reads the members once: nobody else writes them.
func (a *Admission) readMembers() error {
	p, err := a.files.folder.locate(a.files.name + membersSuffix)
	if err != nil {
		return err
	}
	defer p.root.Close()
	text, err := p.readText()
	if err == nil && len(text) > 0 {
		err = syncFolder(p.root) // whoever has made the file may have been killed before its name was durable
	}
	if err != nil {
		return err
	}
	all, c, err := parseMembers(p.path, text)
	if err != nil {
		return err
	}
	kept, end := c.whole()
	a.size, a.ended, a.unsure = int64(kept), end == "", c.torn > 0
	a.members, a.called, a.used = map[protocol.PeerID]protocol.Role{}, map[protocol.PeerID]string{}, Uses{}
	for _, m := range all {
		a.enroll(m)
	}
	return nil
}

// enroll takes note of a member.
func (a *Admission) enroll(m Member) {
	a.members[m.ID] |= m.Role
	if m.Name != NoName {
		a.called[m.ID] = m.Name
	}
	a.used.add(m)
}

// Refresh reads the tokens and what is revoked if their files have changed. What was read before stays
// if that fails.
func (a *Admission) Refresh() error {
	a.reading.Lock()
	defer a.reading.Unlock()
	changed, err := a.changed()
	switch {
	case err != nil:
		return err
	case !changed && a.unread != nil && time.Since(a.tried) < tryAgain:
		return a.unread
	case !changed && a.unread == nil:
		return nil
	}
	a.unread, a.tried = a.readAgain(), time.Now()
	return a.unread
}

const (
	// tryAgain is how often files that cannot be read are tried again, however many ask.
	tryAgain = time.Second
	// mostWaiting is how many strangers wait for a disk that does not answer.
	mostWaiting = 64
)

// changed reports whether a file of the command line is another one than was read last.
func (a *Admission) changed() (bool, error) {
	for _, suffix := range []string{tokensSuffix, revokedSuffix} {
		now, err := a.look(suffix)
		if err != nil {
			return false, err
		}
		a.mu.RLock()
		before := a.looked[suffix]
		a.mu.RUnlock()
		if (now == nil) != (before == nil) ||
			now != nil && (!os.SameFile(now, before) || now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime())) {
			return true, nil
		}
	}
	return false, nil
}

// look returns what tells that a file has changed; nil: it is not there.
func (a *Admission) look(suffix string) (fs.FileInfo, error) {
	p, err := a.files.folder.locate(a.files.name + suffix)
	if err != nil {
		return nil, err
	}
	defer p.root.Close()
	info, err := p.root.Stat(p.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return info, told(p.path, err)
}

// readAgain reads the files of the command line. A line that comes meanwhile is read the next time.
func (a *Admission) readAgain() error {
	looked := map[string]fs.FileInfo{}
	for _, suffix := range []string{tokensSuffix, revokedSuffix} {
		info, err := a.look(suffix)
		if err != nil {
			return err
		}
		looked[suffix] = info
	}
	a.mu.Lock()
	a.looked = looked
	a.mu.Unlock()
	all, err := a.files.Tokens()
	if err != nil {
		return err
	}
	revoked, err := a.files.Revoked()
	if err != nil {
		return err
	}
	tokens := make(map[protocol.TokenID]Token, len(all))
	for _, one := range all {
		tokens[one.ID] = one
	}
	barred, void := Revoked(revoked)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens, a.barred, a.void = tokens, barred, void
	a.version++
	return nil
}

// Version returns a number that grows when the owner's file or one of the command line has been read
// again, so that somebody may have been admitted, or is not any more.
func (a *Admission) Version() uint64 {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.version
}

// Barred reports whether an id has been revoked.
func (a *Admission) Barred(id protocol.PeerID) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.barred[id]
}

// Role returns what a peer may do; zero: nothing.
func (a *Admission) Role(id protocol.PeerID) protocol.Role {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.barred[id] {
		return 0
	}
	return a.listed[id] | a.members[id]
}

// Key returns the key whose signature a token demands; zero: there is no such token. It looks at the
// files before it says so, unless many others wait for that.
func (a *Admission) Key(id protocol.TokenID) (protocol.PeerID, error) {
	if token, is := a.token(id); is {
		return token.Key, nil
	}
	defer a.waiting.Add(-1)
	if a.waiting.Add(1) > mostWaiting {
		return protocol.PeerID{}, nil
	}
	err := a.Refresh()
	token, _ := a.token(id)
	return token.Key, err
}

func (a *Admission) token(id protocol.TokenID) (Token, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	token, is := a.tokens[id]
	return token, is
}
