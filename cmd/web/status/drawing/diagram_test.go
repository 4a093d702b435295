package drawing

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// machine is a table as values.
type machine struct {
	name   string
	states []State
	moves  []Move
}

func machineOf[S, E ~string](t *roles.Table[S, E]) machine {
	m := machine{name: t.Name}
	for _, s := range t.States {
		m.states = append(m.states, State{Name: string(s.Name), Means: s.Means, Final: s.Final})
	}
	for _, r := range t.Rows {
		for _, from := range r.From {
			m.moves = append(m.moves, Move{From: string(from), Event: string(r.On), To: string(r.To), Because: r.Because})
		}
	}
	return m
}

func machines() []machine {
	return []machine{
		machineOf(relay.SessionTable()), machineOf(relay.ProbeTable()),
		machineOf(node.MembershipTable()), machineOf(node.RenewalTable()), machineOf(node.UploadTable()), machineOf(node.AwaitTable()),
		machineOf(client.FetchTable()), machineOf(client.SourceTable()), machineOf(client.GatherTable()), machineOf(client.PipelineTable()),
		machineOf(client.QueryTable()), machineOf(client.ReaderTable()), machineOf(client.WayTable()),
		{"one", []State{{Name: "Alone"}}, []Move{{From: "Alone", Event: "Again"}}},
		{"back", []State{{Name: "A"}, {Name: "B"}, {Name: "C"}, {Name: "D", Final: true}}, []Move{
			{From: "A", Event: "on", To: "B"}, {From: "B", Event: "on", To: "C"}, {From: "C", Event: "back", To: "A"}, {From: "A", Event: "end", To: "D"},
		}},
	}
}

func TestBoxesDoNotOverlapAndLieWithin(t *testing.T) {
	for _, m := range machines() {
		d := Layout(m.states, m.moves)
		for n, a := range d.Boxes {
			ra := rect{a.X, a.Y, a.W, a.H}
			if a.X < 0 || a.Y < 0 || a.X+a.W > float64(d.Width) || a.Y+a.H > float64(d.Height) {
				t.Errorf("%s: %s lies outside: %+v of %dx%d", m.name, a.Name, ra, d.Width, d.Height)
			}
			for _, b := range d.Boxes[n+1:] {
				if ra.overlaps(rect{b.X, b.Y, b.W, b.H}) {
					t.Errorf("%s: %s and %s overlap", m.name, a.Name, b.Name)
				}
			}
		}
	}
}

func TestEachStateAndRowIsDrawn(t *testing.T) {
	for _, m := range machines() {
		d := Layout(m.states, m.moves)
		if len(d.Boxes) != len(m.states) || !d.Boxes[0].Start {
			t.Fatalf("%s: %d boxes for %d states", m.name, len(d.Boxes), len(m.states))
		}
		for n, s := range m.states {
			if d.Boxes[n].Name != s.Name || float64(len(s.Name))*letter > d.Boxes[n].W {
				t.Errorf("%s: the box of %s is %+v", m.name, s.Name, d.Boxes[n])
			}
		}
		for n, move := range m.moves {
			e := d.Edges[d.EdgeOf[n]]
			to := move.To
			if to == "" {
				to = move.From
			}
			if e.From != move.From || e.To != to || e.Path == "" || e.Head == "" || !contains(e.Moves, n) {
				t.Errorf("%s: %+v is drawn as %+v", m.name, move, e)
			}
		}
	}
}

func contains(all []int, n int) bool {
	for _, one := range all {
		if one == n {
			return true
		}
	}
	return false
}

// TestLabelsAreLegible: each has its edge's number, and covers no box and no other label.
func TestLabelsAreLegible(t *testing.T) {
	for _, m := range machines() {
		d := Layout(m.states, m.moves)
		seen := map[int]bool{}
		for n, a := range d.Edges {
			if text := fmt.Sprint(a.Number); seen[a.Number] || a.Label.Text != text && !strings.HasPrefix(a.Label.Text, text+" ") {
				t.Errorf("%s: the label of edge %d is %q", m.name, a.Number, a.Label.Text)
			}
			seen[a.Number] = true
			for _, b := range d.Edges[n+1:] {
				if a.Label.rect().overlaps(b.Label.rect()) {
					t.Errorf("%s: labels %q and %q overlap", m.name, a.Label.Text, b.Label.Text)
				}
			}
			for _, b := range d.Boxes {
				if a.Label.rect().overlaps(rect{b.X, b.Y, b.W, b.H}) {
					t.Errorf("%s: label %q covers %s", m.name, a.Label.Text, b.Name)
				}
			}
		}
	}
}

func TestADiagramIsAFunctionOfItsTable(t *testing.T) {
	for _, m := range machines() {
		if first, again := Layout(m.states, m.moves), Layout(m.states, m.moves); !reflect.DeepEqual(first, again) {
			t.Errorf("%s is drawn in two ways", m.name)
		}
	}
}

func TestADiagramOfATableWithFaultsIsDrawnAsFarAsItGoes(t *testing.T) {
	if d := Layout(nil, []Move{{From: "A", Event: "e", To: "B"}}); len(d.Boxes) != 0 || len(d.EdgeOf) != 1 {
		t.Errorf("of nothing: %+v", d)
	}
	d := Layout([]State{{Name: "A"}, {Name: "Unreached"}, {Name: "A"}}, []Move{{From: "A", Event: "e", To: "B"}, {From: "A", Event: "f"}, {From: "C", Event: "g", To: "A"}})
	if len(d.Boxes) != 3 || len(d.Edges) != 1 || d.EdgeOf[0] != -1 || d.EdgeOf[1] != 0 || d.EdgeOf[2] != -1 {
		t.Errorf("%+v", d)
	}
}
