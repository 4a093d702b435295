package peer

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// MachineStates is what machines under one table do.
type MachineStates struct {
	Name   string       // of the table, as in "relay.Session"
	States []StateCount // in the table's order: a machine starts in the first one
	Moves  []Move       // in the table's order, one for each row and state that it is for
}

// StateCount is how many machines are in a state now.
type StateCount struct {
	Name  string
	Means string // what the state means, why one is in it, how one leaves it
	Final bool   // machines in it are about to be taken back
	Count int64
}

// Move is a row of a table, from one of its states.
type Move struct {
	From, Event string
	To          string // From: the machine stays there
	Because     string
	Fired       uint64 // how often
}

// Machines returns the states of all machines that run there, one for each table.
func (m *Meters) Machines() []MachineStates {
	all := make([]MachineStates, len(m.machines))
	for i := range m.machines {
		all[i] = m.machines[i].read()
	}
	return all
}

// machineTable is a table made ready for counting. All meters share it.
type machineTable struct {
	MachineStates // of no machines
	within        bool
	states        map[string]int
	moves         map[move]int
	from, to      []int // by move: the states whose counts change; uncounted: none does
}

// move is a row's event in a state.
type move struct{ from, event string }

// uncounted stands for a state in which no machine is counted. A machine that works within another one is counted
// while it runs: it has no owner who could tell when it is taken and returned.
const uncounted = -1

// tableOf returns a table for counting machines, which work within others or by themselves.
func tableOf[S, E ~string](t *roles.Table[S, E], within bool) *machineTable {
	is := &machineTable{MachineStates: MachineStates{Name: t.Name}, within: within, states: map[string]int{}, moves: map[move]int{}}
	for i, s := range t.States {
		is.States = append(is.States, StateCount{Name: string(s.Name), Means: s.Means, Final: s.Final})
		is.states[string(s.Name)] = i
	}
	for _, row := range t.Rows {
		for _, from := range row.From {
			to := row.To
			if to == "" {
				to = from
			}
			is.moves[move{string(from), string(row.On)}] = len(is.Moves)
			is.Moves = append(is.Moves, Move{From: string(from), Event: string(row.On), To: string(to), Because: row.Because})
			is.from, is.to = append(is.from, is.counted(string(from))), append(is.to, is.counted(string(to)))
		}
	}
	return is
}

// counted returns the number of a state, if machines in it are counted.
func (t *machineTable) counted(state string) int {
	number := t.states[state]
	if t.within && (number == 0 || t.States[number].Final) {
		return uncounted
	}
	return number
}

// machineMeter counts the machines under a table.
type machineMeter struct {
	*machineTable
	counts []atomic.Int64
	fired  []atomic.Uint64
}

func newMachineMeter(t *machineTable) machineMeter {
	return machineMeter{t, make([]atomic.Int64, len(t.States)), make([]atomic.Uint64, len(t.Moves))}
}

func (m *machineMeter) read() MachineStates {
	is := MachineStates{Name: m.Name, States: slices.Clone(m.States), Moves: slices.Clone(m.Moves)}
	for i := range is.States {
		is.States[i].Count = m.counts[i].Load()
	}
	for i := range is.Moves {
		is.Moves[i].Fired = m.fired[i].Load()
	}
	return is
}

// of returns the meter of a table, or nil.
func (m *Meters) of(table string) *machineMeter {
	for i := range m.machines {
		if m.machines[i].Name == table {
			return &m.machines[i]
		}
	}
	return nil
}

// moved counts a transition.
func (m *Meters) moved(t roles.Transition) {
	of := m.of(t.Machine)
	if of == nil {
		return
	}
	number, known := of.moves[move{t.From, t.Event}]
	if !known {
		return
	}
	of.fired[number].Add(1)
	from, to := of.from[number], of.to[number]
	if from == to {
		return
	}
	if to != uncounted {
		of.counts[to].Add(1)
	}
	if from != uncounted {
		of.counts[from].Add(-1)
	}
}

// metered is a machine that can be counted.
type metered interface {
	watchable
	States(f func(table, state string))
}

// taken counts a machine that has been taken, and has it watched.
func (m *Meters) taken(log hclog.Logger, c *conversations, machine metered) roles.Machine {
	machine.States(m.enters)
	c.watchAlso(log, machine, m.watch)
	return machine
}

// returned counts a machine out, and those that are cut off within it.
func (m *Meters) returned(machine metered) { machine.States(m.leaves) }

func (m *Meters) enter(table, state string) { m.count(table, state, 1) }
func (m *Meters) leave(table, state string) { m.count(table, state, -1) }

func (m *Meters) count(table, state string, sign int64) {
	if of := m.of(table); of != nil {
		of.counts[of.states[state]].Add(sign)
	}
}

// counted returns a source of machines that are counted, and where they are returned.
func (m *Meters) counted(log hclog.Logger, take func() roles.Machine, free func(roles.Machine)) (counting func() roles.Machine, back func(roles.Machine)) {
	c := new(conversations)
	counting = func() roles.Machine { return m.taken(log, c, take().(metered)) }
	back = func(machine roles.Machine) {
		m.returned(machine.(metered))
		free(machine)
	}
	return counting, back
}

// The tables of the machines that run in a relay, and in a node.
var (
	relayTables = sync.OnceValue(func() []*machineTable {
		return []*machineTable{tableOf(relay.SessionTable(), false), tableOf(relay.ProbeTable(), true)}
	})
	nodeTables = sync.OnceValue(func() []*machineTable {
		return []*machineTable{
			tableOf(node.MembershipTable(), false), tableOf(node.RenewalTable(), true), tableOf(node.AwaitTable(), true),
			tableOf(node.UploadTable(), false),
		}
	})
)
