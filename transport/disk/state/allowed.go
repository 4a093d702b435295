package state

import (
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
)

// Allowed is the peers that a file lists, which has the form of an owner's file of [AdmitFiles]. Its
// methods may be called at once.
type Allowed struct {
	files AdmitFiles
	mu    sync.RWMutex
	ids   map[protocol.PeerID]bool
}

// OpenAllowed reads the file at a path.
func OpenAllowed(path string) (*Allowed, error) {
	files, err := AdmitAt(path)
	if err != nil {
		return nil, err
	}
	a := &Allowed{files: files}
	return a, a.Reload()
}

// Reload reads the file again. What was read before stays if it fails.
func (a *Allowed) Reload() error {
	all, err := a.files.Listed()
	if err != nil {
		return err
	}
	ids := make(map[protocol.PeerID]bool, len(all))
	for _, one := range all {
		ids[one.ID] = true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids = ids
	return nil
}

// Has reports whether the file lists a peer.
func (a *Allowed) Has(id protocol.PeerID) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.ids[id]
}
