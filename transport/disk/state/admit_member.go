package state

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Refusal is why a token admits nobody any more.
type Refusal string

// Error returns the reason.
func (r Refusal) Error() string { return string(r) }

// Admit admits a peer by a token whose key it has shown, durably, and returns what it may do then. A peer
// that may do as much already uses nothing of the token. The error is a [Refusal], or says why the
// files cannot be used.
func (a *Admission) Admit(id protocol.PeerID, by protocol.TokenID, from netip.Addr, now time.Time) (protocol.Role, error) {
	a.admitting.Lock()
	defer a.admitting.Unlock()
	if err := a.Refresh(); err != nil {
		return 0, err
	}
	token, refusal := a.judge(id, by, now)
	if refusal != nil {
		return 0, refusal
	}
	if role := a.Role(id); role.Covers(token.Role) {
		return role, nil
	}
	member := Member{id, by, token.Role, now, from, token.Name}
	was := a.memberFile
	if err := a.write(member.line()); err != nil {
		return 0, err
	}
	// Whoever revokes a name looks for its members afterwards: either he finds this one, or what he has revoked is found now.
	err := a.Refresh()
	if _, refusal := a.judge(id, by, now); err != nil || refusal != nil {
		return 0, cmp.Or(a.takeBack(was), err, refusal)
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
	case role.Covers(token.Role):
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

// takeBack makes the members' file what it was before the last line.
func (a *Admission) takeBack(was memberFile) error {
	p, err := a.files.folder.locate(a.files.name + membersSuffix)
	if err != nil {
		return err
	}
	defer p.root.Close()
	a.memberFile, a.unsure = was, true
	return told(p.path, cutTo(p, a.size))
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
