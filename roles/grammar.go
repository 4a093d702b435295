package roles

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Grammar is a table made ready for the machines under it, which share it.
type Grammar[S, E ~string] struct {
	table   Table[S, E]
	waits   map[S]time.Duration
	final   map[S]bool
	leads   map[cell[S, E]]S    // the rows
	accepts map[hearing[S]]bool // the messages that some row is for
}

// hearing is a message of some kind, heard in a state.
type hearing[S ~string] struct {
	state S
	kind  protocol.Kind
}

// NewGrammar makes a table ready. It keeps a copy.
func NewGrammar[S, E ~string](t Table[S, E]) *Grammar[S, E] {
	g := &Grammar[S, E]{
		table: *t.clone(),
		waits: map[S]time.Duration{}, final: map[S]bool{}, leads: map[cell[S, E]]S{}, accepts: map[hearing[S]]bool{},
	}
	for _, s := range t.States {
		g.waits[s.Name], g.final[s.Name] = s.Wait, s.Final
	}
	kinds := map[E]protocol.Kind{}
	for _, e := range t.Events {
		kinds[e.Name] = e.Kind
	}
	for _, r := range t.Rows {
		for _, from := range r.From {
			g.leads[cell[S, E]{from, r.On}] = r.To
			if kind := kinds[r.On]; kind != 0 {
				g.accepts[hearing[S]{from, kind}] = true
			}
		}
	}
	return g
}

// Table returns a copy of the table.
func (g *Grammar[S, E]) Table() *Table[S, E] { return g.table.clone() }
