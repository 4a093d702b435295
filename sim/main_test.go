package sim

import (
	"flag"
	"os"
	"runtime/debug"
	"strconv"
	"testing"
)

// rapidChecks is how many scenarios rapid draws unless -rapid.checks says so.
const rapidChecks = 2000

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // worlds are many, small and short-lived
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		flag.Set("rapid.checks", strconv.Itoa(rapidChecks))
	}
	os.Exit(m.Run())
}
