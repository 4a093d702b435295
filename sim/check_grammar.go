package sim

import (
	"fmt"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// grammar is a machine's table in the form that the checks and the coverage use.
type grammar struct {
	kind  machineKind
	name  string
	start string
	rows  []rowKey
	hears map[string]map[protocol.Kind]bool // by state that waits for a message: the kinds that it allows
}

// rowKey is a cell of a table that has a row.
type rowKey struct {
	kind        machineKind
	from, event string
}

// String names the row.
func (k rowKey) String() string {
	return fmt.Sprintf("%s: %s on %s", tables[k.kind].name, k.from, k.event)
}

// unexpected is the event of all tables for a message that the state does not allow.
const unexpected = "Unexpected"

func read[S, E ~string](kind machineKind, t *roles.Table[S, E]) *grammar {
	g := &grammar{kind: kind, name: t.Name, start: string(t.States[0].Name), hears: map[string]map[protocol.Kind]bool{}}
	kinds := map[E]protocol.Kind{}
	for _, e := range t.Events {
		kinds[e.Name] = e.Kind
	}
	for _, r := range t.Rows {
		for _, from := range r.From {
			g.rows = append(g.rows, rowKey{kind, string(from), string(r.On)})
			if string(r.On) == unexpected {
				g.hears[string(from)] = map[protocol.Kind]bool{}
			}
		}
	}
	for _, r := range t.Rows {
		for _, from := range r.From {
			if heard, hearing := g.hears[string(from)]; hearing && kinds[r.On] != 0 {
				heard[kinds[r.On]] = true
			}
		}
	}
	return g
}

// tables are the grammars of the machines.
var tables = [...]*grammar{
	sessionKind:  read(sessionKind, relay.SessionTable()),
	memberKind:   read(memberKind, node.MembershipTable()),
	uploadKind:   read(uploadKind, node.UploadTable()),
	fetchKind:    read(fetchKind, client.FetchTable()),
	queryKind:    read(queryKind, client.QueryTable()),
	pipelineKind: read(pipelineKind, client.PipelineTable()),
	gatherKind:   read(gatherKind, client.GatherTable()),
	readerKind:   read(readerKind, client.ReaderTable()),
	probeKind:    read(probeKind, relay.ProbeTable()),
	renewalKind:  read(renewalKind, node.RenewalTable()),
	awaitKind:    read(awaitKind, node.AwaitTable()),
	wayKind:      read(wayKind, client.WayTable()),
	sourceKind:   read(sourceKind, client.SourceTable()),
	strangerKind: {kind: strangerKind, name: "stranger"},
}

// kindOf maps the name of a table to its kind.
var kindOf = func() map[string]machineKind {
	kinds := map[string]machineKind{}
	for _, g := range tables {
		kinds[g.name] = g.kind
	}
	return kinds
}()
