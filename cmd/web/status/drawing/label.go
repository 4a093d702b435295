package drawing

// rect is an upright rectangle; x and y are its upper left corner.
type rect struct{ x, y, w, h float64 }

func (r rect) overlaps(other rect) bool {
	return r.x < other.x+other.w && other.x < r.x+r.w && r.y < other.y+other.h && other.y < r.y+r.h
}

// labels finds room for the labels of edges.
type labels struct {
	taken    []rect // by boxes, and by labels so far
	overlaps bool   // one found no room
}

// along are the places of an edge at which its label may stand, the best first.
var along = []float64{0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8, 0.15, 0.85, 0.1, 0.9}

// put finds room for the first of several texts that has some, on the part of an edge that it shares
// with no other. The last one stands somewhere in any case.
func (l *labels) put(on curve, texts []string, isLoop bool) Label {
	places := along
	if isLoop {
		places = along[:1]
	}
	var label Label
	for _, text := range texts {
		for _, t := range places {
			p := on.at(t)
			label = Label{Text: text, X: round(p.x), Y: round(p.y), W: round(small*float64(len([]rune(text))) + 6), H: labelHeight}
			if isLoop {
				label.Y -= 2
			}
			if r := label.rect(); r.x >= 0 && l.free(r) {
				l.taken = append(l.taken, r)
				return label
			}
		}
	}
	l.overlaps = true
	l.taken = append(l.taken, label.rect())
	return label
}

func (l Label) rect() rect { return rect{l.X - l.W/2, l.Y - l.H/2, l.W, l.H} }

func (l *labels) free(r rect) bool {
	for _, other := range l.taken {
		if r.overlaps(other) {
			return false
		}
	}
	return true
}
