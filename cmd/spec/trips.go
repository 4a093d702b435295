package main

import (
	"fmt"

	"github.com/relaypeer/relaypeer/roles"
)

// trips returns the table of the round trips of each phase.
func trips() string {
	rows := [][]string{{"phase", "until", "round trips"}}
	for _, p := range roles.Phases {
		count := fmt.Sprint(p.Trips)
		if p.Each > 0 {
			count += fmt.Sprintf(", and %d for each %s", p.Each, p.Of)
		}
		rows = append(rows, []string{p.Name, p.Until, count})
	}
	return table(rows...)
}
