package status

import (
	"net/url"
	"strings"
	"sync"

	"github.com/relaypeer/relaypeer/cmd/web/status/drawing"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// diagrams keeps the layouts of tables, which never change in a process.
type diagrams struct {
	mu   sync.Mutex
	kept map[string]*drawing.Diagram
}

// machineLook is a machine's table as a page shows it.
type machineLook struct {
	machine
	ID     string // of elements
	All    int64  // machines
	Layout *drawing.Diagram
	Boxes  []boxLook
	Edges  []edgeLook
	Rows   []rowLook
}

// boxLook is a state in the drawing.
type boxLook struct {
	drawing.Box
	Count int64
}

// Middle returns where the texts of the box are centred.
func (b boxLook) Middle() float64 { return b.X + b.W/2 }

// Line returns where the name (0) and the number (1) stand.
func (b boxLook) Line(n int) float64 { return b.Y + b.H/2 - 3 + 17*float64(n) }

// edgeLook is an edge in the drawing.
type edgeLook struct {
	drawing.Edge
	Fired  uint64
	Events string
}

// rowLook is a cell of the table, with the number of its edge in the drawing.
type rowLook struct {
	move
	Edge  int
	Stays bool
}

func (s *site) machinesPage(m meters) *page {
	return &page{path: "machines", title: "Machines", link: "Machines",
		sections: []section{{id: "about", template: "machines-about", still: true}, {id: "machines", template: "machines"}},
		load: func(url.Values) (any, *problem) {
			return each(m.Machines(), s.drawn.look), nil
		}}
}

// look returns what the page shows of a machine.
func (d *diagrams) look(m peer.MachineStates) machineLook {
	look := machineLook{machine: machinesOf([]peer.MachineStates{m}).Machines[0], ID: strings.ReplaceAll(strings.ToLower(m.Name), ".", "-"), Layout: d.layout(m)}
	for n, box := range look.Layout.Boxes {
		look.Boxes = append(look.Boxes, boxLook{box, m.States[n].Count})
		look.All += m.States[n].Count
	}
	for _, edge := range look.Layout.Edges {
		drawn := edgeLook{Edge: edge}
		var events []string
		for _, n := range edge.Moves {
			drawn.Fired += m.Moves[n].Fired
			events = append(events, m.Moves[n].Event)
		}
		drawn.Events = strings.Join(events, "; ")
		look.Edges = append(look.Edges, drawn)
	}
	for n, of := range m.Moves {
		look.Rows = append(look.Rows, rowLook{move(of), look.Layout.EdgeOf[n] + 1, of.To == of.From || of.To == ""})
	}
	return look
}

// layout returns the drawing of a table, which is laid out once.
func (d *diagrams) layout(m peer.MachineStates) *drawing.Diagram {
	d.mu.Lock()
	defer d.mu.Unlock()
	if kept := d.kept[m.Name]; kept != nil && len(kept.Boxes) == len(m.States) && len(kept.EdgeOf) == len(m.Moves) {
		return kept
	}
	if d.kept == nil {
		d.kept = map[string]*drawing.Diagram{}
	}
	d.kept[m.Name] = drawing.Layout(
		each(m.States, func(s peer.StateCount) drawing.State {
			return drawing.State{Name: s.Name, Means: s.Means, Final: s.Final}
		}),
		each(m.Moves, func(m peer.Move) drawing.Move {
			return drawing.Move{From: m.From, Event: m.Event, To: m.To, Because: m.Because}
		}))
	return d.kept[m.Name]
}
