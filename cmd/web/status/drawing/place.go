package drawing

import (
	"cmp"
	"slices"
)

// The sides of a box.
const (
	leftSide = iota
	rightSide
)

// port is where edges touch a side of a box. Edges that have come together before share one.
type port struct {
	other *vertex // the next vertex of the edges
	in    bool    // the edges end here
	y     float64 // from the upper end of the box
}

// portOf returns the port of an edge at a vertex, if it is there already.
func (v *vertex) portOf(side int, other *vertex, in bool) *port {
	for _, p := range v.ports[side] {
		if p.other == other && p.in == in {
			return p
		}
	}
	return nil
}

// place gives each vertex its coordinates.
func (g *graph) place(gap float64) {
	g.dock()
	g.space(gap)
	x := margin
	for n, column := range g.columns {
		y := 0.0
		for _, v := range column {
			if !v.passes {
				v.h = max(boxHeight, portGap*float64(1+max(len(v.ports[leftSide]), len(v.ports[rightSide]))))
			}
			v.x = x
			v.y = y + v.above()
			y = v.y + v.h + between
		}
		x += g.width + g.gaps[n]
	}
	for n := range sweeps {
		for k := range g.columns {
			if n%2 == 0 {
				pull(g.columns[k], func(v *vertex) []*vertex { return v.left })
			} else {
				pull(g.columns[len(g.columns)-1-k], func(v *vertex) []*vertex { return v.right })
			}
		}
	}
	top := g.columns[0][0].y
	for _, column := range g.columns {
		top = min(top, column[0].y-column[0].above())
	}
	for _, column := range g.columns {
		for _, v := range column {
			v.y += margin - top
		}
	}
	g.spreadPorts()
}

// space gives each column the room that the edges at its right take, and those within the column
// lanes of their own there, the shortest innermost.
func (g *graph) space(least float64) {
	g.gaps = make([]float64, len(g.columns))
	within := make([][]*edge, len(g.columns))
	for _, e := range g.edges {
		if a, b := e.way[0], e.way[len(e.way)-1]; a.column == b.column && a != b {
			within[a.column] = append(within[a.column], e)
		}
	}
	for n, column := range g.columns {
		through := 0
		for _, v := range column {
			through += len(v.right)
		}
		g.gaps[n] = least + laneGap*float64(len(within[n])) + wireGap*float64(through)
		slices.SortStableFunc(within[n], func(a, b *edge) int { return cmp.Compare(a.rows(), b.rows()) })
		for k, e := range within[n] {
			e.lane = firstLane + laneGap*float64(k)
		}
	}
}

// rows is how many places of its column an edge within it passes.
func (e *edge) rows() int {
	if a, b := e.way[0].at, e.way[1].at; a > b {
		return a - b
	} else {
		return b - a
	}
}

// pull moves the vertices of a column towards their neighbours on one side, as far as their order
// and the room between them allow.
func pull(column []*vertex, neighbours func(*vertex) []*vertex) {
	down, up := make([]float64, len(column)), make([]float64, len(column))
	for n, v := range column {
		down[n] = v.y
		if all := neighbours(v); len(all) > 0 {
			sum := 0.0
			for _, other := range all {
				sum += other.centre()
			}
			down[n] = sum/float64(len(all)) - v.h/2
		}
	}
	copy(up, down)
	for n := 1; n < len(column); n++ {
		down[n] = max(down[n], down[n-1]+distance(column[n-1], column[n]))
	}
	for n := len(column) - 2; n >= 0; n-- {
		up[n] = min(up[n], up[n+1]-distance(column[n], column[n+1]))
	}
	for n, v := range column {
		v.y = (down[n] + up[n]) / 2 // both keep the distances, and so does their middle
	}
}

// distance is the least one between the upper ends of two neighbours in a column.
func distance(upper, lower *vertex) float64 {
	if upper.passes && lower.passes {
		return upper.h
	}
	return upper.h + between + lower.above()
}

// dock finds out which ports the boxes have.
func (g *graph) dock() {
	for _, e := range g.edges {
		if e.from == e.to {
			continue
		}
		first, last := e.way[0], e.way[len(e.way)-1]
		dockAt(first, e.way[1], false)
		dockAt(last, e.way[len(e.way)-2], true)
	}
}

func dockAt(v, other *vertex, in bool) {
	if side := sideOf(v, other); v.portOf(side, other, in) == nil {
		v.ports[side] = append(v.ports[side], &port{other: other, in: in})
	}
}

// sideOf returns the side of a box at which edges to another vertex touch it. Those within a column
// touch both at the right.
func sideOf(v, other *vertex) int {
	if other.column < v.column {
		return leftSide
	}
	return rightSide
}

// spreadPorts spaces the ports of each side evenly, in the order of the places to which they lead.
func (g *graph) spreadPorts() {
	for _, v := range g.boxes {
		for _, ports := range v.ports {
			slices.SortStableFunc(ports, func(a, b *port) int {
				return cmp.Or(cmp.Compare(a.other.centre(), b.other.centre()), cmp.Compare(a.other.box, b.other.box))
			})
			for n, p := range ports {
				p.y = v.h * float64(n+1) / float64(len(ports)+1)
			}
		}
	}
}
