package sim

import (
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// Plant puts a bug into a world: around its machines, before its registry, or into what stands for transport and disks.
// The product has none of it.
type Plant struct {
	Name      string
	Machine   func(kind machineKind, m roles.Machine) roles.Machine // nil: as they are
	Directory func(d relay.Directory) relay.Directory               // nil: as it is
	Request   func(r *client.Request)                               // nil: as it is

	Blind     bool // a group is not held against its value
	Credulous bool // what a journal claims is not held against the part's bytes
	Early     bool // a part takes its name before it is whole
	Unsynced  bool // a part takes its name before its bytes outlive a power loss
	Trusting  bool // what stands under a name already is taken for durable
	Rash      bool // a store says that it has committed before it has
	Unproven  bool // what an earlier try left is not held against the hash before it takes its name
	Stale     bool // a node serves a file under the hash that it had before it changed
}

// planted reports whether a bug of the world's own has been planted.
func (w *World) planted(bug func(p *Plant) bool) bool { return w.plant != nil && bug(w.plant) }
