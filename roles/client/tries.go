package client

import "slices"

// fewTries is how many visits are remembered in any case.
const fewTries = 4096

// tries are the visits that are over, in their order. A node that ends its link behind each group is
// visited once for each, and a file may have millions: so there are no more than a few for each node. The
// others say nothing that these do not: see compact.
type tries struct {
	all  []Tried
	most int // so many are compacted
}

// add adds a visit.
func (t *tries) add(one Tried) {
	if t.all = append(t.all, one); len(t.all) >= max(t.most, fewTries) {
		t.all = compact(t.all)
		t.most = 2 * len(t.all)
	}
}

// compact leaves of each node the last visit, and the last at which it was there. The last has Had if any
// of them has. What it is given stays as it is: it may have been reported.
func compact(all []Tried) (few []Tried) {
	type known struct{ seen, there, had bool }
	nodes, kept := map[Node]known{}, make([]bool, len(all))
	for i, one := range slices.Backward(all) {
		is := nodes[one.Node]
		kept[i] = !is.seen || !is.there && !one.missed()
		nodes[one.Node] = known{true, is.there || !one.missed(), is.had || one.Had}
	}
	for i, one := range all {
		if kept[i] {
			one.Had = nodes[one.Node].had
			few = append(few, one)
		}
	}
	return few
}
