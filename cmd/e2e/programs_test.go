package e2e

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

// Programs are asked and answer in one way, whatever they do.
func TestAllProgramsHaveOneStyle(t *testing.T) {
	t.Parallel()
	all, err := os.ReadDir(programs)
	if err != nil || len(all) < 7 {
		t.Fatalf("there are %d programs, %v", len(all), err)
	}
	for _, entry := range all {
		name := strings.TrimSuffix(entry.Name(), ".exe")
		r := run(t, "", name, "--version")
		if r.code != 0 || r.err != "" || strings.Count(r.out, "\n") != 1 ||
			!strings.HasPrefix(r.out, name+" ") || !strings.Contains(r.out, "commit ") || !strings.Contains(r.out, runtime.Version()) {
			t.Errorf("%s --version: exit %d, %q, %q", name, r.code, r.out, r.err)
		}
		if r := run(t, "", name, "--help"); r.code != 0 || !strings.Contains(r.out, "--version") {
			t.Errorf("%s --help: exit %d, %q", name, r.code, r.out)
		}
		r = run(t, "", name, "--nonsense")
		if r.code != 2 || r.out != "" || r.err != name+": there is no flag --nonsense; see --help. A name that begins with a dash goes behind --\n" {
			t.Errorf("%s --nonsense: exit %d, %q, %q", name, r.code, r.out, r.err)
		}
	}
}

func TestASimulationIsAskedForAsTheOthersAre(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		args      string
		code      int
		out, errs string // parts
	}{
		{"--seed 7", 0, "", "all promises were kept: "},
		{"--seed 7 --trace", 0, "seed", "all promises were kept: "},
		{"-n 3", 0, "", "3 of 3 scenarios, "},
		{"-n many", 2, "", `simulate: --count: "many" is not a whole number`},
		{"--plan nowhere", 2, "", "simulate: --plan: open nowhere: "},
		{"--scale none", 2, "", `simulate: --scale: "none" is no number of nodes from 1 to `},
		{"--span 1m --scale 10", 2, "", "simulate: --span: 1m0s is less than an hour"},
	} {
		r := run(t, "", "simulate", strings.Fields(x.args)...)
		if r.code != x.code || !strings.Contains(r.out, x.out) || !strings.Contains(r.err, x.errs) || x.code == 2 && r.out != "" {
			t.Errorf("%s: exit %d, %q, %q", x.args, r.code, r.out, r.err)
		}
	}
}

func TestABenchThatCannotBeRunSaysWhy(t *testing.T) {
	t.Parallel()
	for args, line := range map[string]string{
		"--runs 0":    "sizes, numbers and times are at least 1, but for --large and --huge",
		"--size big":  `--size: "big" is not a size, such as 512MiB`,
		"--only (":    "--only: error parsing regexp: missing closing ): `(`",
		"--only else": `--only: "else" is none of fetch, memory, disk, far, trips, crowd, many, first, restart, huge, listed, tls, gateway, open-read, trust, circuits-fetch, circuits-trips, circuits-rest, circuits-await, circuits-fair, relay-load, page, locate`,
		"more":        `"more" is one argument too many: bench [flags]`,
	} {
		if r := run(t, "", "bench", strings.Fields(args)...); r.code != 2 || r.out != "" || r.err != "bench: "+line+"\n" {
			t.Errorf("%s: exit %d, %q, %q", args, r.code, r.out, r.err)
		}
	}
}
