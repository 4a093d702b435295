package rolestest

import (
	"flag"
	"runtime/debug"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// gcPercent makes garbage collections rare during tries: these leave much garbage and hold little.
const gcPercent = 800

// Check lets rapid try a property that many times, or as often as -rapid.checks says; with -short a
// fifth of that. It fails the test if there were fewer tries: near its time limit rapid stops early
// and passes.
func Check(t *testing.T, tries int, property func(*rapid.T)) {
	t.Helper()
	checks := flag.Lookup("rapid.checks").Value
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		usual := checks.String()
		checks.Set(strconv.Itoa(tries))
		defer checks.Set(usual)
	}
	want, err := strconv.Atoi(checks.String())
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		want /= 5
	}
	passed := 0
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	rapid.Check(t, func(t *rapid.T) {
		property(t)
		passed++
	})
	if passed < want {
		t.Errorf("only %d of %d tries were made", passed, want)
	}
}
