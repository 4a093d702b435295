package transport_test

import (
	"fmt"
	"strings"

	"github.com/relaypeer/relaypeer/roles"
)

// told is a machine that returns a function's effects and records its inputs.
type told struct {
	does   func(in roles.Input) []roles.Effect
	inputs []roles.Input
	over   bool
}

func (m *told) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	m.inputs = append(m.inputs, in)
	return m.does(in)
}

func (m *told) Final() bool { return m.over }

// end makes the machine final and hangs up its link.
func (m *told) end() []roles.Effect {
	m.over = true
	return []roles.Effect{roles.HangUp{}}
}

// String lists the inputs; consecutive Moved are added up.
func (m *told) String() string {
	var lines []string
	moved := int64(0)
	for _, in := range m.inputs {
		switch in := in.(type) {
		case roles.Moved:
			moved += in.Bytes
		case roles.Opened:
		case roles.Heard:
			lines = append(lines, in.Message.Kind().String())
		case roles.Verified:
			lines = append(lines, fmt.Sprint("verified ", in.Group))
		case roles.BodyWrong:
			lines = append(lines, fmt.Sprint("wrong ", in.Group))
		case roles.StoreFailed:
			lines = append(lines, fmt.Sprint("store failed ", in.Item, " ", in.Err))
		default:
			lines = append(lines, strings.TrimPrefix(fmt.Sprintf("%T", in), "roles."))
		}
	}
	return fmt.Sprintf("%s; %d moved", strings.Join(lines, ", "), moved)
}
