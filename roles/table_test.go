package roles_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

type (
	state string
	event string
	table = roles.Table[state, event]
)

// sound returns a small table that breaks no rule: each test breaks one.
func sound() *table {
	row := roles.NewRow[state, event]
	return &table{
		Name: "test.Sound",
		States: []roles.State[state]{
			{Name: "Start", Means: "nothing yet"},
			{Name: "Waiting", Means: "for an answer", Wait: time.Second},
			{Name: "Resting", Means: "as long as the other side said", WaitFrom: "what the other side said"},
			{Name: "Choosing", Means: "what is next", Passing: true},
			{Name: "End", Means: "over", Final: true},
		},
		Events: []roles.Event[event]{
			{Name: "Begun", Means: "something is wanted"},
			{Name: "Answered", Means: "the other side spoke"},
			{Name: "Expired", Means: "it did not", Deadline: true},
			{Name: "ToRest", Means: "there is time"},
			{Name: "ToEnd", Means: "there is not"},
		},
		Rows: []roles.Row[state, event]{
			row([]state{"Start"}, "Begun", "Waiting", "ask"),
			row([]state{"Waiting"}, "Answered", "Choosing", "think"),
			row([]state{"Resting"}, "Answered", "", "nothing new"),
			row([]state{"Waiting", "Resting"}, "Expired", "Choosing", "no more"),
			row([]state{"Choosing"}, "ToRest", "Resting", "later"),
			row([]state{"Choosing"}, "ToEnd", "End", "never"),
		},
	}
}

func TestASoundTablePasses(t *testing.T) {
	if err := sound().Check(); err != nil {
		t.Error(err)
	}
}

// TestAStateMayWaitForMachinesWithin: their deadlines end it, so that none of its own need lead anywhere.
func TestAStateMayWaitForMachinesWithin(t *testing.T) {
	b := sound()
	b.States[2].Nested = true
	b.Rows[3].From = []state{"Waiting"}
	b.Rows[2].To = "Choosing"
	if err := b.Check(); err != nil {
		t.Error(err)
	}
}

func TestEachRuleOfTablesIsHeld(t *testing.T) {
	row := roles.NewRow[state, event]
	for _, c := range []struct {
		name, says string
		spoil      func(*table)
	}{
		{"no states", "no states", func(b *table) { *b = table{Name: "test.Empty"} }},
		{"a state twice", `state "Waiting" stands twice`, func(b *table) { b.States = append(b.States, b.States[1]) }},
		{"a state without a name", `state "" stands twice, or has no name`, func(b *table) { b.States = append(b.States, roles.State[state]{Means: "?"}) }},
		{"a state without a meaning", `state "Resting" stands twice, or has no name or meaning`, func(b *table) { b.States[2].Means = "" }},
		{"an event twice", `event "Answered" stands twice`, func(b *table) { b.Events = append(b.Events, b.Events[1]) }},
		{"an event without a meaning", `event "Begun" stands twice, or has no name or meaning`, func(b *table) { b.Events[0].Means = "" }},
		{"an event in no row", "event Idle is in no row", func(b *table) {
			b.Events = append(b.Events, roles.Event[event]{Name: "Idle", Means: "nobody cares"})
		}},
		{"an event that is not declared", "event Surprise is not declared", func(b *table) {
			b.Rows = append(b.Rows, row([]state{"Waiting"}, "Surprise", "End", "why not"))
		}},
		{"a start that is not declared", "state Nowhere is not declared", func(b *table) {
			b.Rows = append(b.Rows, row([]state{"Nowhere"}, "Answered", "End", "why not"))
		}},
		{"an end that is not declared", "state Nowhere is not declared", func(b *table) { b.Rows[5].To = "Nowhere" }},
		{"a row without a reason", "the row on Begun has no reason", func(b *table) { b.Rows[0].Because = "" }},
		{"a row from no state", "the row on Answered has no reason or no state", func(b *table) { b.Rows[2].From = nil }},
		{"two rows for a cell", "two rows for Answered in Waiting", func(b *table) {
			b.Rows = append(b.Rows, row([]state{"Waiting"}, "Answered", "End", "or so"))
		}},
		{"a wait without a deadline", "Waiting waits without a deadline", func(b *table) { b.States[1].Wait = 0 }},
		{"a deadline that leads nowhere", "the deadline of Resting leads nowhere", func(b *table) { b.Rows[3].From = []state{"Waiting"} }},
		{"a deadline that stays", "the deadline of Waiting leads nowhere", func(b *table) { b.Rows[3].To = "" }},
		{"a deadline nobody fires", "the deadline of Waiting leads nowhere", func(b *table) { b.Events[2].Deadline = false }},
		{"a wait for machines within that says nothing of deadlines", "Resting waits without a deadline", func(b *table) {
			b.States[2].Nested, b.States[2].WaitFrom = true, ""
		}},
		{"machines within where nothing waits", "Choosing has a deadline, but does not wait", func(b *table) { b.States[3].Nested = true }},
		{"a deadline where nothing waits", "Choosing has a deadline, but does not wait", func(b *table) { b.States[3].Wait = time.Second }},
		{"an end that goes on", "End is final, but goes on", func(b *table) {
			b.Rows = append(b.Rows, row([]state{"End"}, "Answered", "Waiting", "again"))
		}},
		{"a state out of reach", "Resting can't be reached", func(b *table) { b.Rows[4].To = "End" }},
		{"a dead end", "no end can be reached from Choosing", func(b *table) { b.Rows[5].To = "Waiting" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := sound()
			c.spoil(b)
			if err := b.Check(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q in it", err, c.says)
			}
		})
	}
}

// machine lets a test fire what it likes.
type machine struct{ roles.Core[state, event] }

func TestACoreFollowsItsTable(t *testing.T) {
	m := &machine{roles.NewCore(roles.NewGrammar(func() table { return *sound() }))}
	var moved []roles.Transition
	m.Watch(func(row roles.Transition) { moved = append(moved, row) })
	fire := func(e event, at state, effects ...roles.Effect) {
		t.Helper()
		m.Begin()
		m.Fire(e)
		if m.State() != at || !slices.Equal(m.Effects(), effects) {
			t.Fatalf("%s led to %s with %v, want %s with %v", e, m.State(), m.Effects(), at, effects)
		}
	}
	fire("Begun", "Waiting", roles.Arm{Number: 1, After: time.Second})
	fire("Answered", "Choosing", roles.Disarm{})
	fire("ToRest", "Resting")
	m.Arm(time.Minute)
	fire("Answered", "Resting") // stays, and its deadline runs on
	if m.Due(roles.TimerFired{Number: 1}) || m.Due(roles.TimerFired{Timer: 3, Number: 2}) || !m.Due(roles.TimerFired{Number: 2}) || m.Due(roles.TimerFired{Number: 2}) {
		t.Error("a ring counts once, and only with the number of the deadline that runs")
	}
	fire("Expired", "Choosing")
	fire("ToEnd", "End")
	if !m.Final() || len(moved) != 6 || moved[0] != (roles.Transition{Machine: "test.Sound", From: "Start", Event: "Begun", To: "Waiting"}) {
		t.Errorf("final: %v, moved: %v", m.Final(), moved)
	}
	m.Reset()
	if m.Final() || m.State() != "Start" {
		t.Errorf("after Reset: %s", m.State())
	}
	fire("Begun", "Waiting", roles.Arm{Number: 3, After: time.Second}) // a ring of before must not count
	if len(moved) != 6 {
		t.Error("the watcher of before is told")
	}
}

func TestAMachineWithinHasATimerOfItsOwn(t *testing.T) {
	m := &machine{roles.NewCore(roles.NewGrammar(func() table { return *sound() }))}
	m.Use(0, 5)
	m.Begin()
	m.Fire("Begun")
	if !slices.Equal(m.Effects(), []roles.Effect{roles.Arm{Timer: 5, Number: 1, After: time.Second}}) || !m.Armed() {
		t.Errorf("asked for %v", m.Effects())
	}
	if m.Due(roles.TimerFired{Number: 1}) || !m.Due(roles.TimerFired{Timer: 5, Number: 1}) {
		t.Error("the rings of two timers are not told apart")
	}
	m.Begin()
	m.Arm(time.Minute)
	m.Disarm()
	m.Disarm()
	if want := []roles.Effect{roles.Arm{Timer: 5, Number: 2, After: time.Minute}, roles.Disarm{Timer: 5}}; !slices.Equal(m.Effects(), want) {
		t.Errorf("asked for %v", m.Effects())
	}
}

func TestFiringWhatTheTableDoesNotAllowPanics(t *testing.T) {
	m := &machine{roles.NewCore(roles.NewGrammar(func() table { return *sound() }))}
	defer func() {
		if failure := recover(); failure != "test.Sound: Start has no row for Answered" {
			t.Errorf("recovered %v", failure)
		}
	}()
	if m.Can("Answered") || !m.Can("Begun") {
		t.Error("Can and the table differ")
	}
	m.Fire("Answered")
}

func TestVaryStaysWithinItsSpread(t *testing.T) {
	const d = 100 * time.Second
	for random, want := range map[uint64]time.Duration{0: 90 * time.Second, uint64(10 * time.Second): d, uint64(20 * time.Second): 110 * time.Second} {
		if got := roles.Vary(d, 10, random); got != want {
			t.Errorf("random %d gives %v, want %v", random, got, want)
		}
	}
	for _, random := range []uint64{1, 1 << 40, 1<<64 - 1} {
		if got := roles.Vary(d, 10, random); got < 90*time.Second || got > 110*time.Second {
			t.Errorf("random %d gives %v", random, got)
		}
	}
	if roles.Vary(0, 50, 99) != 0 || roles.Vary(5, 10, 99) != 5 {
		t.Error("what is too short to vary is left as it is")
	}
}

func TestProgressIsCountedInWholeSteps(t *testing.T) {
	var p roles.Progress
	if p.Enough(64<<10-1) || !p.Enough(1) || p.Enough(64<<10-1) || !p.Enough(1<<20) {
		t.Error("the deadline is set anew with each MinProgress bytes, and not before")
	}
}

func TestMillisecondsOffTheWireAreCut(t *testing.T) {
	for ms, want := range map[uint64]time.Duration{
		0: 0, 1: time.Millisecond, 90000: 90 * time.Second, 1 << 63: roles.MaxWait, 1<<64 - 1: roles.MaxWait,
	} {
		if got := roles.Millis(ms); got != want {
			t.Errorf("Millis(%d) = %v, want %v", ms, got, want)
		}
	}
}
