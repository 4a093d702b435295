package status

import (
	"fmt"
	"time"
)

// around is a time as a page that keeps itself up to date shows it: to the minute, so that rows stay
// what they are from one look to the next, with the exact time beside it.
type around struct{ Time, now time.Time }

// None reports whether there is no such time.
func (a around) None() bool { return a.Time.IsZero() }

// Exact returns the time for programs.
func (a around) Exact() string { return a.Time.UTC().Format(time.RFC3339) }

// Full returns the time for people.
func (a around) Full() string { return a.Time.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// Text returns how long ago it was, or is until then.
func (a around) Text() string {
	past := a.now.Sub(a.Time)
	switch {
	case past >= time.Minute:
		return span(past) + " ago"
	case past > -time.Second:
		return "just now"
	case past > -time.Minute:
		return "within a minute"
	}
	return "in " + span(-past)
}

// span shows a time in its largest unit.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}
