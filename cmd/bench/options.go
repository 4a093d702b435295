package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// options are the flags.
type options struct {
	size   size          // of the file that is fetched
	large  size          // of the one that shows that memory does not grow
	sparse size          // of the one whose first byte is waited for
	far    size          // of the one that comes a long way
	each   size          // of the one that many clients fetch at once
	trip   time.Duration // a round trip of the long way
	load   time.Duration // for which a relay under load is measured

	files   int // small ones
	smaller int // still smaller ones
	clients int // at one node at once
	players int // at one gateway at once
	shared  int // files of the share that is started again
	huge    int // files of one that is so large that it takes minutes
	listed  int // names that are listed
	names   int // entries in the relay's index
	runs    int // counted runs of each way

	only    pattern
	out     string // the table's file; none: standard output
	dir     string // where the files lie
	diskDir string // where those lie that are to be on a disk
	keep    bool
	alone   bool // others are left out
	noWide  bool // our programs do without AVX-512

	strangers, busy string // what this process is in place of a bench; see load.go
}

// newOptions returns the options that the flags set.
func newOptions(flags *pflag.FlagSet) *options {
	o := &options{size: 1 << 30, large: 4 << 30, sparse: 10 << 30, far: 512 << 20, each: 64 << 20}
	flags.Var(&o.size, "size", "bytes of the file that is fetched")
	flags.Var(&o.large, "large", "bytes of the file that shows whether memory grows; 0: not measured")
	flags.Var(&o.sparse, "sparse", "bytes of the (sparse) file whose first byte is waited for")
	flags.Var(&o.far, "far", "bytes of the file that is fetched over a long way")
	flags.DurationVar(&o.trip, "trip", 100*time.Millisecond, "a round trip of the long way")
	flags.IntVar(&o.clients, "clients", 64, "clients that fetch from one node at once")
	flags.IntVar(&o.players, "players", 50, "players at a gateway at once")
	flags.Var(&o.each, "each", "bytes of the file that each of them fetches")
	flags.IntVar(&o.files, "files", usualFiles, "small files of 4 KiB that are fetched")
	flags.IntVar(&o.smaller, "smaller", 50_000, "small files of 1 KiB that are fetched")
	flags.IntVar(&o.shared, "shared", 100_000, "files of the share that is started a second time")
	flags.IntVar(&o.huge, "huge", 0, "files of a share that is started twice and whose node's memory is measured, such as 1000000: this takes minutes, \n"+
		"an inode and some 6 KiB of memory a file; 0: not measured")
	flags.IntVar(&o.listed, "listed", 1_000_000, "names that a client lists")
	flags.IntVar(&o.names, "names", 10_000_000, "entries in the relay's index")
	flags.IntVarP(&o.runs, "runs", "n", 7, "counted runs of each way; one more comes before, uncounted")
	flags.DurationVar(&o.load, "load", 8*time.Second, "for this long a relay is measured that strangers ask for lists")
	flags.Var(&o.only, "only", "measure only what this regular expression matches ("+names()+")")
	flags.StringVarP(&o.out, "output", "o", "", "write the table to this FILE")
	flags.StringVar(&o.dir, "dir", "", "the folder for the files that are moved (default: in memory where there is room)")
	flags.StringVar(&o.diskDir, "disk", "", "the folder for the files that lie on a disk (default: /var/tmp)")
	flags.BoolVar(&o.noWide, "no-avx512", false, "have our programs do without AVX-512")
	flags.BoolVar(&o.alone, "alone", false, "leave the others out, even if they are installed")
	flags.BoolVar(&o.keep, "keep", false, "keep what was made")
	flags.StringVar(&o.strangers, "strangers", "", "ask the relay at this address for lists")
	flags.StringVar(&o.busy, "busy", "", "take these shares of processors")
	for _, name := range []string{"strangers", "busy"} {
		flags.MarkHidden(name)
	}
	return o
}

// check refuses what cannot be measured.
func (o *options) check() error {
	least := min(int64(o.runs), int64(o.size), int64(o.sparse), int64(o.far), int64(o.each), int64(o.files), int64(o.smaller),
		int64(o.clients), int64(o.players), int64(o.shared), int64(o.listed), int64(o.names))
	if least < 1 || o.trip <= 0 {
		return cli.Usage("sizes, numbers and times are at least 1, but for --large and --huge")
	}
	if !slices.ContainsFunc(measures, func(m measure) bool { return o.only.matches(m.name) }) {
		return cli.Usage("--only: %q is none of %s", cli.ForDisplay(o.only.String()), names())
	}
	return nil
}

// pattern is a regular expression; nil matches everything.
type pattern struct{ *regexp.Regexp }

// String implements [pflag.Value].
func (p *pattern) String() string {
	if p.Regexp == nil {
		return ""
	}
	return p.Regexp.String()
}

// Type implements [pflag.Value].
func (*pattern) Type() string { return "regexp" }

// Set implements [pflag.Value].
func (p *pattern) Set(text string) (err error) {
	p.Regexp, err = regexp.Compile(text)
	return err
}

// matches reports whether a measure of that name is asked for.
func (p *pattern) matches(name string) bool { return p.Regexp == nil || p.MatchString(name) }

// usualFiles is how many small files are fetched unless somebody says otherwise.
const usualFiles = 10_000

// size is bytes as people write them: 512MiB, 1GiB, 100000.
type size int64

var units = []struct {
	name  string
	bytes int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// String implements [pflag.Value].
func (s *size) String() string {
	for _, u := range units {
		if int64(*s) >= u.bytes && int64(*s)%u.bytes == 0 {
			return fmt.Sprintf("%d %s", int64(*s)/u.bytes, u.name)
		}
	}
	return "0"
}

// Type implements [pflag.Value].
func (*size) Type() string { return "size" }

// Set implements [pflag.Value].
func (s *size) Set(text string) error {
	number, unit := strings.TrimSpace(text), int64(1)
	for _, u := range units {
		if rest, is := strings.CutSuffix(number, u.name); is {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > 1<<62/unit {
		return fmt.Errorf("%q is not a size, such as 512MiB", text)
	}
	*s = size(n * unit)
	return nil
}
