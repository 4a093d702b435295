package status

import (
	"time"

	"github.com/relaypeer/relaypeer/transport/peer"
)

// The answers that the APIs of relays and nodes share.
type (
	totals struct {
		Time      time.Time         `json:"time" doc:"of the answer"`
		Heard     map[string]uint64 `json:"heard" doc:"messages, by their kinds"`
		Errors    map[string]uint64 `json:"errors" doc:"refusals that were sent, by their codes"`
		Sent      uint64            `json:"sent_bytes" unit:"bytes" doc:"of files' bodies"`
		Received  uint64            `json:"received_bytes" unit:"bytes" doc:"of files' bodies"`
		Spliced   uint64            `json:"spliced_bytes" unit:"bytes" doc:"through circuits"`
		Links     uint64            `json:"links" doc:"connections that were accepted, and are open"`
		LinksEver uint64            `json:"links_ever" doc:"connections that were accepted"`
	}

	series struct {
		Name   string   `json:"name" doc:"announces, locates, gets, bytes, circuits, or errors/ and a code"`
		Values []uint64 `json:"values" doc:"in each step, the oldest first; of bytes in bytes"`
	}

	history struct {
		End    time.Time `json:"end,omitzero" doc:"of the last step"`
		StepMS int64     `json:"step_ms" unit:"ms" doc:"of each step"`
		Series []series  `json:"series" doc:"what happened in the last hour"`
	}

	stateCount struct {
		Name  string `json:"name" doc:"of the state"`
		Means string `json:"means" doc:"what it means"`
		Final bool   `json:"final" doc:"machines end there"`
		Count int64  `json:"count" doc:"machines that are in it"`
	}

	move struct {
		From    string `json:"from" doc:"the state in which the event comes"`
		Event   string `json:"event" doc:"its name"`
		To      string `json:"to" doc:"the state that follows; from, where the machine stays"`
		Because string `json:"because" doc:"the reason"`
		Fired   uint64 `json:"fired" doc:"how often since the start"`
	}

	machine struct {
		Name   string       `json:"name" doc:"of the table, as in relay.Session"`
		States []stateCount `json:"states" doc:"of the table; a machine starts in the first one"`
		Moves  []move       `json:"moves" doc:"the cells of the table"`
	}

	machines struct {
		Machines []machine `json:"machines" doc:"one for each table"`
	}

	// apiError is what an answer has that is none.
	apiError struct {
		Error errorText `json:"error" doc:"why there is no answer"`
	}

	errorText struct {
		Code string `json:"code" doc:"bad-hash, bad-limit, bad-name, bad-parameter, not-found or internal"`
		Text string `json:"text" doc:"the same for people"`
	}

	apiIndex struct {
		Program   string     `json:"program" doc:"relay-server or peer-node"`
		Version   string     `json:"version" doc:"of the program"`
		API       int        `json:"api" doc:"1; within a version keys are added, and none is renamed or removed"`
		Endpoints []endpoint `json:"endpoints" doc:"what can be asked for"`
	}

	endpoint struct {
		Path       string      `json:"path" doc:"below this one"`
		About      string      `json:"about" doc:"what the answer is"`
		Parameters []parameter `json:"parameters" doc:"of the query; all may be left out"`
	}

	parameter struct {
		Name  string `json:"name" doc:"of the parameter"`
		About string `json:"about" doc:"what it does"`
	}
)

func totalsOf(t peer.Totals, now time.Time) totals {
	answer := totals{
		Time: now, Heard: map[string]uint64{}, Errors: map[string]uint64{}, Sent: t.Sent, Received: t.Received, Spliced: t.Spliced,
		Links: t.Links, LinksEver: t.LinksEver,
	}
	for kind, n := range t.Heard {
		answer.Heard[kind.String()] = n
	}
	for code, n := range t.Errors {
		answer.Errors[code.String()] = n
	}
	return answer
}

func historyOf(h peer.History) history {
	return history{h.End, h.Step.Milliseconds(), each(h.Series, func(s peer.Series) series {
		return series{s.Name, each(s.Values, func(n uint64) uint64 { return n })}
	})}
}

func machinesOf(all []peer.MachineStates) machines {
	return machines{each(all, func(m peer.MachineStates) machine {
		return machine{m.Name, each(m.States, func(s peer.StateCount) stateCount { return stateCount(s) }), each(m.Moves, func(m peer.Move) move { return move(m) })}
	})}
}
