package state

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// ErrChanged is the error of Add for an address at which another id is known.
var ErrChanged = errors.New("another id is known at this address")

const knownName = "known_relays"

// KnownRelays is which ids relays have proved at which addresses. It is the file known_relays in a
// state folder, with a line HOST:PORT ID DATE HOW for each, or a memory. The zero value is an empty
// memory. It is read anew each time. Its methods may be called at once, and by several processes.
type KnownRelays struct {
	folder *Folder
	mu     sync.Mutex
	text   []byte // without a folder
}

// KnownRelays returns the relays that are known in a folder; without a folder (nil), an empty memory.
func (f *Folder) KnownRelays() *KnownRelays { return &KnownRelays{folder: f} }

// Find returns the relay that is known at an address. An error never means that there is none.
func (k *KnownRelays) Find(address string) (Known, bool, error) {
	address, err := protocol.NormalAddress(address)
	if err != nil {
		return Known{}, false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	l, err := k.read()
	if err != nil {
		return Known{}, false, err
	}
	known, is := l.find(address)
	return known, is, nil
}

// All returns each line, in the order of the file. Of several of an address the first counts.
func (k *KnownRelays) All() ([]Known, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l, err := k.read()
	return l.all, err
}

// Add makes a relay known at an address, durably, unless it is known already. If another one is, the
// error is ErrChanged, and nothing changes.
func (k *KnownRelays) Add(address string, id protocol.PeerID, how string) error {
	address, err := protocol.NormalAddress(address)
	if err != nil {
		return err
	}
	line := Known{Address: address, ID: id, Date: time.Now(), How: how}.line()
	if _, _, err := parseLine(string(line[:len(line)-1])); err != nil {
		return fmt.Errorf("nobody can be known so: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	l, err := k.read()
	if err != nil {
		return err
	}
	if is, err := l.has(address, id, how); is || err != nil { // no lock is needed, and none may be there to be had
		return err
	}
	return k.change(func(l lines, p place) error {
		if is, err := l.has(address, id, how); is || err != nil {
			return err
		}
		return k.append(l, p, line)
	})
}

// has reports whether a relay is known at an address, and fails if another one is. That it has invited us
// is worth a line of its own.
func (l lines) has(address string, id protocol.PeerID, how string) (bool, error) {
	known, is := l.find(address)
	if is && known.ID != id {
		return false, fmt.Errorf("%s:%d: %w", known.File, known.Line, ErrChanged)
	}
	return is && (how != Invited || l.invited(address)), nil
}

// invited reports whether the relay that is known at an address has invited us.
func (l lines) invited(address string) bool {
	first, _ := l.find(address)
	for _, known := range l.all {
		if known.Address == address && known.ID == first.ID && known.How == Invited {
			return true
		}
	}
	return false
}

// HasInvited reports whether we are known to the relay at an address, by an invite of it.
func (k *KnownRelays) HasInvited(address string) (bool, error) {
	address, err := protocol.NormalAddress(address)
	if err != nil {
		return false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	l, err := k.read()
	return l.invited(address), err
}

// Forget removes all lines of an address, and keeps the rest as it is.
func (k *KnownRelays) Forget(address string) (removed int, err error) {
	address, err = protocol.NormalAddress(address)
	if err != nil {
		return 0, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	l, err := k.read()
	if _, is := l.find(address); err != nil || !is {
		return 0, err
	}
	err = k.change(func(l lines, p place) error {
		text, count := l.without(address)
		switch {
		case count == 0: // another process has removed them
			return nil
		case k.folder == nil:
			k.text = text
		default:
			if err := replace(p.root, p.name, text); err != nil {
				return told(p.path, err)
			}
		}
		removed = count
		return nil
	})
	return removed, err
}

// read reads what is known.
func (k *KnownRelays) read() (lines, error) {
	if k.folder == nil {
		return parseLines("", k.text)
	}
	p, err := k.folder.locate(knownName)
	if err != nil {
		return lines{}, err
	}
	defer p.root.Close()
	return p.read()
}

// change calls do with what is known, while nobody else changes it.
func (k *KnownRelays) change(do func(lines, place) error) error {
	if k.folder == nil {
		l, err := k.read()
		if err != nil {
			return err
		}
		return do(l, place{})
	}
	p, err := k.folder.locate(knownName)
	if err != nil {
		return err
	}
	defer p.root.Close()
	lock, err := lock(p.root, p.name)
	if err != nil {
		return told(p.path+".lock", err)
	}
	defer lock.Close()
	l, err := p.read()
	if err != nil {
		return err
	}
	return do(l, p)
}

// append adds a line behind those that are there.
func (k *KnownRelays) append(l lines, p place, line []byte) error {
	kept, line, err := l.grown(p.path, line)
	switch {
	case err != nil:
		return err
	case k.folder == nil:
		k.text = slices.Concat(l.text[:kept], line)
		return nil
	}
	return told(p.path, appendTo(p, l.torn > 0, kept, line))
}
