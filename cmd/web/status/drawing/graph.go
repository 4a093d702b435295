package drawing

import (
	"cmp"
	"slices"
)

// graph is a table on its way to a diagram: its states in columns, and the edges between them.
type graph struct {
	boxes   []*vertex // one for each state
	columns [][]*vertex
	edges   []*edge
	edgeOf  []int
	width   float64   // of the boxes
	gaps    []float64 // at the right of each column
}

// vertex is a box, or the place at which edges that lead to one state pass through a column.
type vertex struct {
	box    int // the state; of a passage the one to which it leads
	passes bool
	final  bool
	column int
	loops  bool
	at     int // in its column
	left   []*vertex
	right  []*vertex
	ports  [2][]*port // left, right

	x, y, h float64 // y is the upper end, without the loop above
}

func (v *vertex) centre() float64 { return v.y + v.h/2 }

// above is the room that a vertex needs above it.
func (v *vertex) above() float64 {
	if v.loops {
		return loopHeight
	}
	return 0
}

// edge is what leads from one state to another.
type edge struct {
	edgeKey
	moves []int
	way   []*vertex // from, the passages, to
	lane  float64   // how far it goes out, if both ends are in one column
	curve []curve
}

func newGraph(states []State, moves []Move) *graph {
	g := &graph{width: boxLeast}
	index := map[string]int{}
	for n, s := range states {
		if _, twice := index[s.Name]; !twice {
			index[s.Name] = n
		}
		g.boxes = append(g.boxes, &vertex{box: n, final: s.Final, column: -1})
		g.width = max(g.width, letter*float64(len([]rune(s.Name)))+20)
	}
	g.edges, g.edgeOf = edges(index, moves)
	return g
}

// rank gives each state its column: the fewest moves in which it is reached from the start. States
// that end a machine stand in a column of their own, and so do those that nothing leads to.
func (g *graph) rank() {
	g.boxes[0].column = 0
	last := 0
	for todo := []int{0}; len(todo) > 0; todo = todo[1:] {
		for _, e := range g.edges {
			if to := g.boxes[e.to]; e.from == todo[0] && to.column < 0 && !to.final {
				to.column = g.boxes[e.from].column + 1
				last = max(last, to.column)
				todo = append(todo, e.to)
			}
		}
	}
	for _, v := range g.boxes {
		if v.column < 0 {
			v.column = last + 1
		}
	}
	for _, v := range g.boxes {
		for len(g.columns) <= v.column {
			g.columns = append(g.columns, nil)
		}
		g.columns[v.column] = append(g.columns[v.column], v)
	}
}

// passage is a place in a column that edges to one state share, in one direction.
type passage struct {
	to, column int
	back       bool
}

// connect gives each edge its way. Edges that lead to one state through the same column share a
// passage there, which keeps a machine legible where most states lead to its end.
func (g *graph) connect() {
	passages := map[passage]*vertex{}
	for _, e := range g.edges {
		from, to := g.boxes[e.from], g.boxes[e.to]
		e.way = []*vertex{from}
		step := cmp.Compare(to.column, from.column)
		for column := from.column + step; step != 0 && column != to.column; column += step {
			key := passage{e.to, column, step < 0}
			if passages[key] == nil {
				passages[key] = &vertex{box: e.to, passes: true, column: column, h: wire}
				g.columns[column] = append(g.columns[column], passages[key])
			}
			e.way = append(e.way, passages[key])
		}
		if e.way = append(e.way, to); from == to {
			from.loops = true
		}
		for n, v := range e.way[1:] {
			join(e.way[n], v)
		}
	}
}

// join makes two vertices neighbours, if they stand in different columns.
func join(one, other *vertex) {
	if one.column > other.column {
		one, other = other, one
	}
	if one.column < other.column && !slices.Contains(one.right, other) {
		one.right = append(one.right, other)
		other.left = append(other.left, one)
	}
}

// sweeps is how often the order in the columns is improved, there and back.
const sweeps = 12

// order puts the vertices of each column into an order with few crossings: each goes where its
// neighbours are, and the best of several tries counts.
func (g *graph) order() {
	g.number()
	best, least := g.orders(), g.crossings()
	for n := range sweeps {
		for k := range g.columns {
			column, neighbours := k, func(v *vertex) []*vertex { return v.left }
			if n%2 == 1 {
				column, neighbours = len(g.columns)-1-k, func(v *vertex) []*vertex { return v.right }
			}
			arrange(g.columns[column], neighbours)
		}
		if now := g.crossings(); now < least {
			best, least = g.orders(), now
		}
	}
	g.columns = best
	g.number()
}

func (g *graph) orders() [][]*vertex {
	all := make([][]*vertex, len(g.columns))
	for n, column := range g.columns {
		all[n] = slices.Clone(column)
	}
	return all
}

func (g *graph) number() {
	for _, column := range g.columns {
		for n, v := range column {
			v.at = n
		}
	}
}

// arrange sorts a column by the middle of each vertex's neighbours on one side.
func arrange(column []*vertex, neighbours func(*vertex) []*vertex) {
	middle := map[*vertex]float64{}
	for _, v := range column {
		middle[v] = float64(v.at)
		if all := neighbours(v); len(all) > 0 {
			sum := 0.0
			for _, other := range all {
				sum += float64(other.at) / float64(max(1, len(all)))
			}
			middle[v] = sum
		}
	}
	slices.SortStableFunc(column, func(a, b *vertex) int { return cmp.Compare(middle[a], middle[b]) })
	for n, v := range column {
		v.at = n
	}
}

// crossings counts how often edges between neighbouring columns cross.
func (g *graph) crossings() (count int) {
	for _, column := range g.columns {
		for n, v := range column {
			for _, below := range column[n+1:] {
				for _, a := range v.right {
					for _, b := range below.right {
						if a.at > b.at {
							count++
						}
					}
				}
			}
		}
	}
	return count
}
