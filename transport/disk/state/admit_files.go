package state

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// AdmitFiles are the files that say who may use a closed relay: the owner's file, and three beside it,
// to which lines are appended. Each has one writer.
//
//	FILE          ID NAME ROLE                        the owner, with an editor
//	FILE.tokens   TOKEN KEY ROLE USES EXPIRES NAME    the command line, as AddToken
//	FILE.members  ID TOKEN ROLE DATE FROM NAME        the relay while it runs, as Admission
//	FILE.revoked  ID-OR-TOKEN DATE                    the command line, as Revoke
//
// A member's line is the whole of its admission: how often a token has been used is how many members
// it has, so that nothing can be half spent.
type AdmitFiles struct {
	folder *Folder
	name   string
}

// The names of the files beside the owner's.
const (
	tokensSuffix  = ".tokens"
	membersSuffix = ".members"
	revokedSuffix = ".revoked"
)

// AdmitAt returns the files of which the owner's is at a path.
func AdmitAt(path string) (AdmitFiles, error) {
	absolute, err := filepath.Abs(path)
	return AdmitFiles{&Folder{filepath.Dir(absolute)}, filepath.Base(absolute)}, err
}

// Path returns where the owner's file is.
func (f AdmitFiles) Path() string { return f.folder.Path(f.name) }

// Create makes an empty owner's file, unless there is one. Made reports whether it did.
func (f AdmitFiles) Create() (made bool, err error) {
	root, err := f.folder.openPrivate()
	if err != nil {
		return false, err
	}
	defer root.Close()
	var file *os.File
	err = attempt("make the owner's file", func() (err error) {
		file, err = root.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err == nil {
		err = errors.Join(file.Close(), syncFolder(root))
	}
	return err == nil, told(f.Path(), err)
}

// Listed returns the peers in the owner's file, which must be there.
func (f AdmitFiles) Listed() ([]Listed, error) {
	p, err := f.folder.locate(f.name)
	if err != nil {
		return nil, err
	}
	defer p.root.Close()
	if _, err := p.root.Stat(p.name); err != nil {
		return nil, told(p.path, err)
	}
	text, err := p.readText()
	if err != nil {
		return nil, err
	}
	all, c, err := parseListed(p.path, text)
	if err == nil && c.torn > 0 { // what people write, no crash has torn
		_, _, err = parseListed(p.path, append(text, '\n'))
	}
	return all, err
}

// Tokens returns all tokens in the order in which they were made.
func (f AdmitFiles) Tokens() ([]Token, error) { return readRows(f, tokensSuffix, parseTokens) }

// Members returns all members in the order in which they were admitted.
func (f AdmitFiles) Members() ([]Member, error) { return readRows(f, membersSuffix, parseMembers) }

// Revoked returns all revocations in their order.
func (f AdmitFiles) Revoked() ([]Revocation, error) { return readRows(f, revokedSuffix, parseRevoked) }

// parser reads a file whose lines are entries.
type parser[T any] func(path string, text []byte) ([]T, content, error)

func readRows[T any](f AdmitFiles, suffix string, parse parser[T]) ([]T, error) {
	p, err := f.folder.locate(f.name + suffix)
	if err != nil {
		return nil, err
	}
	defer p.root.Close()
	text, err := p.readText()
	if err != nil {
		return nil, err
	}
	all, _, err := parse(p.path, text)
	return all, err
}

// AddToken appends a token, durably.
func (f AdmitFiles) AddToken(t Token) error {
	return appendRow(f, tokensSuffix, t.line(), parseTokens)
}

// Revoke appends revocations of ids and tokens, durably.
func (f AdmitFiles) Revoke(all []Revocation) error {
	var text []byte
	for _, one := range all {
		text = append(text, one.line()...)
	}
	return appendRow(f, revokedSuffix, text, parseRevoked)
}

// appendRow appends whole lines to a file, in place of one that a crash has torn, while no other process
// does.
func appendRow[T any](f AdmitFiles, suffix string, added []byte, parse parser[T]) error {
	p, err := f.folder.locate(f.name + suffix)
	if err != nil {
		return err
	}
	defer p.root.Close()
	held, err := lock(p.root, p.name)
	if err != nil {
		return told(p.path+".lock", err)
	}
	defer held.Close()
	text, err := p.readText()
	if err != nil {
		return err
	}
	_, c, err := parse(p.path, text)
	if err != nil {
		return err
	}
	kept, added, err := c.grown(p.path, added)
	if err != nil {
		return err
	}
	if _, _, err := parse(p.path, slices.Concat(text[:kept], added)); err != nil {
		return err
	}
	return told(p.path, appendTo(p, c.torn > 0, kept, added))
}

// NewInvite makes a token, whose invite leads to a relay at some addresses, and returns the invite.
func (f AdmitFiles) NewInvite(addresses []string, relay protocol.PeerID, role protocol.Role, uses int, until time.Time, name string) (*protocol.Invite, error) {
	invite := &protocol.Invite{Addresses: addresses, Relay: relay, Role: role, Expires: uint64(until.Unix())}
	rand.Read(invite.Token[:])
	rand.Read(invite.Secret[:])
	if err := invite.Check(); err != nil {
		return nil, err
	}
	if name == "" {
		name = NoName
	}
	if _, err := protocol.ParsePeerID(name); err == nil {
		return nil, errors.New("a name that looks like an id would be taken for one where it is revoked")
	}
	return invite, f.AddToken(Token{invite.Token, invite.KeyID(), role, uses, invite.Until(), name})
}

// lockMembers takes the lock of the members until what it returns is closed: one relay writes them.
func (f AdmitFiles) lockMembers() (io.Closer, error) {
	p, err := f.folder.locate(f.name + membersSuffix)
	if err != nil {
		return nil, err
	}
	defer p.root.Close()
	held, err := lockNow(p.root, p.name)
	return held, told(p.path+".lock", err)
}
