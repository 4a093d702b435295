package sim

import (
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// Plant puts a bug into a world, around its machines or before its registry; the product has none of it.
type Plant struct {
	Name      string
	Machine   func(kind machineKind, m roles.Machine) roles.Machine // nil: as they are
	Directory func(d relay.Directory) relay.Directory               // nil: as it is
}
