package drawing

import "fmt"

// State is a state of a machine. The first of a table is the one in which a machine starts.
type State struct {
	Name, Means string
	Final       bool
}

// Move is one cell of a machine's table: in this state, on this event, go there, because. Without To
// the machine stays.
type Move struct{ From, Event, To, Because string }

// Diagram is a table as a picture. Coordinates are in pixels of its natural size.
type Diagram struct {
	Width, Height int
	Boxes         []Box
	Edges         []Edge
	// EdgeOf tells for each move of the table, in their order, which edge draws it.
	EdgeOf []int
}

// Box is a state.
type Box struct {
	State
	X, Y, W, H float64
	Start      bool
}

// Edge draws all moves between two states, in one direction.
type Edge struct {
	Number   int // from 1; it stands in the picture and in the table beside it
	From, To string
	Moves    []int  // indexes into the table's moves
	Path     string // of SVG
	Head     string // points of SVG: the arrow's head
	Label    Label
}

// Label is the text at an edge, around its centre.
type Label struct {
	Text       string
	X, Y, W, H float64
}

// Left returns the left end of a label.
func (l Label) Left() float64 { return round(l.X - l.W/2) }

// Top returns the upper end of a label.
func (l Label) Top() float64 { return round(l.Y - l.H/2) }

// The measures of a diagram, in pixels.
const (
	margin      = 14.0
	boxHeight   = 46.0
	boxLeast    = 104.0 // the least width
	letter      = 7.6   // the width of a letter of a state's name, rather too much
	small       = 6.4   // the width of a letter of a label, rather too much
	labelHeight = 15.0
	loopHeight  = 32.0 // above a box, where a state is entered from itself
	between     = 20.0 // from box to box
	wire        = 14.0 // of an edge that passes through a column
	portGap     = 9.0  // from edge to edge at a side of a box
	headLength  = 8.0
	firstLane   = 26.0 // of an edge within a column
	laneGap     = 13.0 // from one to the next
	wireGap     = 5.0  // room for an edge from column to column
	gapLeast    = 96.0 // from column to column
	gapMost     = 400.0
	gapStep     = 32.0
	longLabel   = 22 // letters of a label with its event
)

// Layout draws a table. Moves whose states are not declared are left out; a table without states is
// an empty diagram.
func Layout(states []State, moves []Move) *Diagram {
	if len(states) == 0 {
		return &Diagram{EdgeOf: make([]int, len(moves))}
	}
	var d *Diagram
	for gap := gapLeast; gap <= gapMost; gap += gapStep {
		var crowded bool
		if d, crowded = draw(states, moves, gap); !crowded {
			break // wider gaps have room for all labels
		}
	}
	return d
}

// draw lays a table out with that much room between columns. It reports whether a label found no room.
func draw(states []State, moves []Move, gap float64) (d *Diagram, overlaps bool) {
	g := newGraph(states, moves)
	g.rank()
	g.connect()
	g.order()
	g.place(gap)
	return g.diagram(states, moves)
}

// edgeKey tells which moves one edge draws.
type edgeKey struct{ from, to int }

// edges groups moves by where they lead from and to, in the order of the table.
func edges(index map[string]int, moves []Move) (all []*edge, of []int) {
	at := map[edgeKey]int{}
	of = make([]int, len(moves))
	for n, m := range moves {
		from, known := index[m.From]
		to, leads := index[m.To]
		if m.To == "" {
			to, leads = from, true
		}
		if of[n] = -1; !known || !leads {
			continue
		}
		key := edgeKey{from, to}
		k, has := at[key]
		if !has {
			k = len(all)
			at[key] = k
			all = append(all, &edge{edgeKey: key})
		}
		all[k].moves = append(all[k].moves, n)
		of[n] = k
	}
	return all, of
}

// texts returns what an edge's label may be, the longest first.
func texts(number int, moves []Move, of []int) []string {
	event := moves[of[0]].Event
	more := ""
	if len(of) > 1 {
		more = fmt.Sprintf(" +%d", len(of)-1)
	}
	all := []string{}
	if long := fmt.Sprintf("%d %s%s", number, event, more); len([]rune(long)) <= longLabel {
		all = append(all, long)
	}
	return append(all, fmt.Sprint(number))
}
