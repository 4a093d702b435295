package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// machine adds the region of a table: its states, events, rows and picture.
func machine[S, E ~string](all map[string]string, t *roles.Table[S, E]) error {
	picture, err := t.Diagram()
	if err != nil {
		return err
	}
	all["machine "+t.Name] = strings.Join([]string{states(t), events(t), rows(t), fence("mermaid", picture)}, "\n")
	return nil
}

func states[S, E ~string](t *roles.Table[S, E]) string {
	out := [][]string{{"state", "means", "deadline"}}
	for i, s := range t.States {
		deadline := "none: it waits for its owner"
		switch {
		case s.Final:
			deadline = "none: the end"
		case s.Passing:
			deadline = "none: left at once"
		case s.Wait > 0:
			deadline = seconds(s.Wait)
		case i > 0:
			deadline = s.WaitFrom
		}
		out = append(out, []string{string(s.Name), s.Means, deadline})
	}
	return table(out...)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }

func events[S, E ~string](t *roles.Table[S, E]) string {
	out := [][]string{{"no.", "event", "means"}}
	for i, e := range t.Events {
		out = append(out, []string{fmt.Sprint(i + 1), string(e.Name), e.Means})
	}
	return table(out...)
}

func rows[S, E ~string](t *roles.Table[S, E]) string {
	number := map[E]int{}
	for i, e := range t.Events {
		number[e.Name] = i + 1
	}
	out := [][]string{{"in", "on", "go to", "because"}}
	for _, r := range t.Rows {
		from := make([]string, len(r.From))
		for i, s := range r.From {
			from[i] = string(s)
		}
		to := string(r.To)
		if to == "" {
			to = "*stays*"
		}
		out = append(out, []string{strings.Join(from, ", "), fmt.Sprintf("%d %s", number[r.On], r.On), to, r.Because})
	}
	return table(out...)
}
