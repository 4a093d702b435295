package drawing

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

type point struct{ x, y float64 }

// curve is a cubic Bézier curve.
type curve [4]point

// at returns a point of the curve, for t from 0 to 1.
func (c curve) at(t float64) point {
	u := 1 - t
	a, b, d, e := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
	return point{a*c[0].x + b*c[1].x + d*c[2].x + e*c[3].x, a*c[0].y + b*c[1].y + d*c[2].y + e*c[3].y}
}

// diagram draws the boxes and edges of a graph that is laid out.
func (g *graph) diagram(states []State, moves []Move) (d *Diagram, overlaps bool) {
	d = &Diagram{EdgeOf: g.edgeOf}
	var taken []rect
	right, bottom := 0.0, 0.0
	for n, v := range g.boxes {
		d.Boxes = append(d.Boxes, Box{State: states[n], X: round(v.x), Y: round(v.y), W: round(g.width), H: round(v.h), Start: n == 0})
		taken = append(taken, rect{v.x, v.y, g.width, v.h})
		right, bottom = max(right, v.x+g.width), max(bottom, v.y+v.h)
	}
	for n, e := range g.edges {
		e.curve = g.route(e)
		drawn := Edge{Number: n + 1, From: states[e.from].Name, To: states[e.to].Name, Moves: e.moves}
		drawn.Path, drawn.Head = pathOf(e.curve), headOf(e)
		for _, c := range e.curve {
			for _, p := range c {
				right, bottom = max(right, p.x), max(bottom, p.y)
			}
		}
		d.Edges = append(d.Edges, drawn)
	}
	l := labels{taken: taken}
	for n, e := range g.edges {
		d.Edges[n].Label = l.put(e.curve[0], texts(n+1, moves, e.moves), e.from == e.to)
		right = max(right, d.Edges[n].Label.X+d.Edges[n].Label.W/2)
	}
	d.Width, d.Height = int(math.Ceil(right+margin)), int(math.Ceil(bottom+margin))
	return d, l.overlaps
}

// route returns the curves of an edge.
func (g *graph) route(e *edge) (all []curve) {
	from, to := e.way[0], e.way[len(e.way)-1]
	switch {
	case from == to:
		return []curve{loop(from, g.width)}
	case from.column == to.column:
		return []curve{g.beside(e)}
	}
	forward := from.column < to.column
	at := g.touch(from, e.way[1], false)
	for n, v := range e.way[1:] {
		next := point{v.x, v.centre()}
		if !forward {
			next.x += g.width
		}
		if v == to {
			next = g.touch(to, e.way[n], true)
		}
		all = append(all, bend(at, next))
		if at = next; v != to { // straight through the column
			through := next
			if through.x += g.width; !forward {
				through.x -= 2 * g.width
			}
			all = append(all, bend(next, through))
			at = through
		}
	}
	return all
}

// touch returns where an edge touches a box.
func (g *graph) touch(v, other *vertex, in bool) point {
	side := sideOf(v, other)
	at := point{v.x, v.y + v.portOf(side, other, in).y}
	if side == rightSide {
		at.x += g.width
	}
	return at
}

// bend leads from one point to another, horizontally at both ends.
func bend(from, to point) curve {
	half := (to.x - from.x) / 2
	return curve{from, {from.x + half, from.y}, {to.x - half, to.y}, to}
}

// beside leads from one box to another of the same column, at their right.
func (g *graph) beside(e *edge) curve {
	from, to := e.way[0], e.way[1]
	a, b := g.touch(from, to, false), g.touch(to, from, true)
	out := e.lane / 0.75 // a curve goes three quarters as far as what pulls it
	return curve{a, {a.x + out, a.y}, {b.x + out, b.y}, b}
}

// loop leads from a box to itself, above it.
func loop(v *vertex, width float64) curve {
	x := v.x + width/2
	return curve{{x - 14, v.y}, {x - 26, v.y - loopHeight + 4}, {x + 26, v.y - loopHeight + 4}, {x + 14, v.y}}
}

// headOf returns the points of an edge's arrow head.
func headOf(e *edge) string {
	end := e.curve[len(e.curve)-1]
	tip, back := end[3], end[2]
	length := math.Hypot(tip.x-back.x, tip.y-back.y)
	if length == 0 {
		return ""
	}
	dx, dy := (back.x-tip.x)/length*headLength, (back.y-tip.y)/length*headLength
	const slim = 0.45
	return points(tip, point{tip.x + dx - dy*slim, tip.y + dy + dx*slim}, point{tip.x + dx + dy*slim, tip.y + dy - dx*slim})
}

func pathOf(all []curve) string {
	var text strings.Builder
	text.WriteString("M" + points(all[0][0]))
	for _, c := range all {
		text.WriteString(" C" + points(c[1:]...))
	}
	return text.String()
}

func points(all ...point) string {
	texts := make([]string, len(all))
	for n, p := range all {
		texts[n] = fmt.Sprintf("%s,%s", number(p.x), number(p.y))
	}
	return strings.Join(texts, " ")
}

// number writes a coordinate: a tenth of a pixel is as fine as anybody sees.
func number(x float64) string { return strconv.FormatFloat(round(x), 'f', -1, 64) }

func round(x float64) float64 { return math.Round(x*10) / 10 }
