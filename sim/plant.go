package sim

import (
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// Plant is a bug that a test puts into a world: around its machines, in front of its registry, or
// into the world's own transport and disks. The zero value is no bug.
type Plant struct {
	Name      string
	Serves    func() roles.Machine                                  // the relay's links, in place of sessions; nil: sessions do
	Machine   func(kind machineKind, m roles.Machine) roles.Machine // nil: as they are
	Directory func(d relay.Directory) relay.Directory               // nil: as it is
	Room      func(room relay.Room) relay.Room                      // nil: as it is
	Budget    func(b relay.Budget) relay.Budget                     // nil: as it is
	Turns     func(t turns) turns                                   // nil: as they are
	Request   func(r *client.Request)                               // nil: as it is
	Policy    func(p *relay.Policy)                                 // nil: as it is

	Blind      bool // groups are not verified
	Credulous  bool // a journal's claims are not compared with the bytes of the part
	Early      bool // a part takes its name before it is whole
	Unsynced   bool // a part takes its name before its bytes outlive a power loss
	Trusting   bool // a file that is in its place already is not synced
	Rash       bool // a store answers CommitStore before the file is durable
	Unproven   bool // leftovers of an earlier try are not compared with the hash
	Open       bool // a closed relay takes everybody for a member
	Generous   bool // it admits by an invite that is used up
	Lenient    bool // it lets in whom its owner has revoked
	Keeping    bool // it keeps the leases of whom its owner has revoked
	Sheltering bool // a closed relay keeps the circuits of whom its owner has revoked
	Confused   bool // limits of circuits are of addresses in a closed relay, and of ids in an open one
	Hasty      bool // it says that it has admitted a peer before that is durable
	Stale      bool // a node serves a file under the hash that it had before it changed

	Downgraded bool // a peer that answers in plain is taken for any
}

// planted reports whether a bug of the world's own parts is planted.
func (w *World) planted(bug func(p *Plant) bool) bool { return w.plant != nil && bug(w.plant) }
