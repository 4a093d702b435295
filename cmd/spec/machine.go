package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// machine adds the region of a table: its states, its rows by their events, and its picture, folded away.
func machine[S, E ~string](all map[string]string, t *roles.Table[S, E]) error {
	picture, err := t.Diagram()
	if err != nil {
		return err
	}
	folded := "<details><summary>Diagram</summary>\n\n" + fence("mermaid", picture) + "\n</details>\n"
	all["machine "+t.Name] = strings.Join([]string{states(t), rows(t), folded}, "\n")
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

// rows writes each event with what it means, and the rows that it fires.
func rows[S, E ~string](t *roles.Table[S, E]) string {
	out := [][]string{{"on", "means", "in", "go to", "because"}}
	for _, e := range t.Events {
		on, means := string(e.Name), e.Means
		for _, r := range t.Rows {
			if r.On != e.Name {
				continue
			}
			out = append(out, []string{on, means, joined(r.From), to(string(r.To)), r.Because})
			means = ""
		}
	}
	return table(out...)
}

func joined[S ~string](states []S) string {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

func to(state string) string {
	if state == "" {
		return "*stays*"
	}
	return state
}
