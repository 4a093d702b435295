package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Admission is who may use a closed relay, for the relay itself: it keeps [AdmitFiles] in memory, and
// writes the members. Its methods may be called at once; those that say so read or write files.
type Admission struct {
	files AdmitFiles
	lock  io.Closer

	admitting sync.Mutex // held while the members' file is changed
	size      int64      // of it, as far as it is durable
	ended     bool       // its last line has an end
	unsure    bool       // behind that there may be what could not be written as a whole

	mu      sync.RWMutex
	listed  map[protocol.PeerID]protocol.Role
	tokens  map[protocol.TokenID]Token
	members map[protocol.PeerID]protocol.Role
	used    map[protocol.TokenID]map[protocol.PeerID]bool
	barred  map[protocol.PeerID]bool
	void    map[protocol.TokenID]bool
	looked  map[string]fs.FileInfo // the tokens and the revoked, as they were read; nil: not there
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
	listed := make(map[protocol.PeerID]protocol.Role, len(all))
	for _, one := range all {
		listed[one.ID] = one.Role
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listed = listed
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
	if err != nil {
		return err
	}
	all, c, err := parseMembers(p.path, text)
	if err != nil {
		return err
	}
	kept, end := c.whole()
	a.size, a.ended, a.unsure = int64(kept), end == "", c.torn > 0
	a.members, a.used = map[protocol.PeerID]protocol.Role{}, map[protocol.TokenID]map[protocol.PeerID]bool{}
	for _, m := range all {
		a.enroll(m)
	}
	return nil
}

// enroll takes note of a member.
func (a *Admission) enroll(m Member) {
	a.members[m.ID] |= m.Role
	if a.used[m.Token] == nil {
		a.used[m.Token] = map[protocol.PeerID]bool{}
	}
	a.used[m.Token][m.ID] = true
}

// Refresh reads the tokens and what is revoked if their files have changed. What was read before stays
// if that fails.
func (a *Admission) Refresh() error {
	changed, err := a.changed()
	if err != nil || !changed {
		return err
	}
	return a.readAgain()
}

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
	barred, void := map[protocol.PeerID]bool{}, map[protocol.TokenID]bool{}
	for _, one := range revoked {
		if one.ID.IsZero() {
			void[one.Token] = true
		} else {
			barred[one.ID] = true
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens, a.barred, a.void, a.looked = tokens, barred, void, looked
	return nil
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
// files before it says so.
func (a *Admission) Key(id protocol.TokenID) (protocol.PeerID, error) {
	if token, is := a.token(id); is {
		return token.Key, nil
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

// Refusal is why a token admits nobody any more.
type Refusal string

// Error returns the reason.
func (r Refusal) Error() string { return string(r) }

// Admit admits a peer by a token whose key it has shown, durably, and returns what it may do then. A peer
// that may do as much already uses nothing of the token. The error is a [Refusal], or says why the
// files cannot be used.
func (a *Admission) Admit(id protocol.PeerID, by protocol.TokenID, from netip.Addr, now time.Time) (protocol.Role, error) {
	if err := a.Refresh(); err != nil {
		return 0, err
	}
	a.admitting.Lock()
	defer a.admitting.Unlock()
	token, refusal := a.judge(id, by, now)
	if refusal != nil {
		return 0, refusal
	}
	if role := a.Role(id); role&token.Role == token.Role {
		return role, nil
	}
	member := Member{id, by, token.Role, now, from, token.Name}
	if err := a.write(member.line()); err != nil {
		return 0, err
	}
	a.mu.Lock()
	a.enroll(member)
	a.mu.Unlock()
	return a.Role(id), nil
}

// judge returns the token by which a peer may be admitted, or is.
func (a *Admission) judge(id protocol.PeerID, by protocol.TokenID, now time.Time) (Token, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	token, is := a.tokens[by]
	role := a.listed[id] | a.members[id]
	switch {
	case !is:
		return token, Refusal("there is no such invite")
	case a.barred[id]:
		return token, Refusal("your key has been revoked")
	case role&token.Role == token.Role:
		return token, nil
	case a.void[by]:
		return token, Refusal("the invite has been revoked")
	case !now.Before(token.Expires):
		return token, Refusal("the invite expired on " + token.Expires.UTC().Format(time.DateTime) + " UTC")
	case len(a.used[by]) >= token.Uses && !a.used[by][id]:
		return token, Refusal("the invite is used up")
	}
	return token, nil
}

// write appends a line to the members, durably. If it fails, nothing of the line counts.
func (a *Admission) write(line []byte) error {
	p, err := a.files.folder.locate(a.files.name + membersSuffix)
	if err != nil {
		return err
	}
	defer p.root.Close()
	if !a.ended {
		line = slices.Concat([]byte("\n"), line)
	}
	if a.size+int64(len(line)) > mostFile {
		return fmt.Errorf("%s: it would be larger than %d bytes", p.path, mostFile)
	}
	torn, err := a.torn(p)
	if err != nil {
		return told(p.path, err)
	}
	a.unsure = true
	if err := appendTo(p, torn, int(a.size), line); err != nil {
		return told(p.path, err)
	}
	a.size, a.ended, a.unsure = a.size+int64(len(line)), true, false
	return nil
}

// torn reports whether the members' file has more than what is durable of it, as a crash or a failure
// leaves it.
func (a *Admission) torn(p place) (bool, error) {
	info, err := p.root.Stat(p.name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && a.size == 0:
		return false, nil
	case err != nil:
		return false, err
	case info.Size() < a.size || info.Size() > a.size && !a.unsure:
		return false, errors.New("somebody else has changed it while the relay runs: start the relay again")
	}
	return info.Size() > a.size, nil
}
