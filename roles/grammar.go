package roles

import (
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Grammar is a table made ready for the machines under it, which share it. That is done for the first of them: a
// program has machines under few of all tables.
type Grammar[S, E ~string] struct {
	table func() Table[S, E]
	made  sync.Once
	name  string
	start S
	moves moves // the rows, for referees

	referees referees // that no machine uses now

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

// NewGrammar returns the grammar of a table, which is asked for at most once for the machines, and for each Table.
func NewGrammar[S, E ~string](table func() Table[S, E]) *Grammar[S, E] {
	return &Grammar[S, E]{table: table}
}

// Table returns the table, which is the caller's.
func (g *Grammar[S, E]) Table() *Table[S, E] {
	t := g.table()
	return &t
}

// ready makes the table ready.
func (g *Grammar[S, E]) ready() { g.made.Do(g.build) }

// lend returns a referee, which is to be given back.
func (g *Grammar[S, E]) lend() referee { return g.referees.lend(string(g.start), g.moves) }

func (g *Grammar[S, E]) build() {
	t := g.table()
	g.name, g.start, g.moves = t.Name, t.States[0].Name, t.moves()
	g.waits, g.final = make(map[S]time.Duration, len(t.States)), make(map[S]bool, len(t.States))
	g.leads, g.accepts = make(map[cell[S, E]]S, len(g.moves)), map[hearing[S]]bool{}
	for _, s := range t.States {
		g.waits[s.Name], g.final[s.Name] = s.Wait, s.Final
	}
	kinds := make(map[E]protocol.Kind, len(t.Events))
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
}
