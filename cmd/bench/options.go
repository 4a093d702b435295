package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// options are the flags.
type options struct {
	size   size // of the file that is fetched
	large  size // of the one that shows that memory does not grow
	sparse size // of the one whose first byte is waited for
	files  int  // small ones
	shared int  // files of the share that is started again
	names  int  // entries in the relay's index
	runs   int  // counted runs of each way
	only   *regexp.Regexp
	out    string // the table's file; none: standard output
	dir    string // where the files lie
	keep   bool
	alone  bool // others are left out
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	o = options{size: 1 << 30, large: 4 << 30, sparse: 10 << 30}
	only := ""
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Var(&o.size, "size", "`bytes` of the file that is fetched")
	flags.Var(&o.large, "large", "`bytes` of the file that shows whether memory grows; 0: not measured")
	flags.Var(&o.sparse, "sparse", "`bytes` of the (sparse) file whose first byte is waited for")
	flags.IntVar(&o.files, "files", 10_000, "small files that are fetched")
	flags.IntVar(&o.shared, "shared", 100_000, "files of the share that is started a second time")
	flags.IntVar(&o.names, "names", 10_000_000, "entries in the relay's index")
	flags.IntVar(&o.runs, "runs", 7, "counted runs of each way; one more comes before, uncounted")
	flags.StringVar(&only, "only", "", "`regexp`: measure only what is called so ("+names()+")")
	flags.StringVar(&o.out, "o", "", "write the table to this `file`")
	flags.StringVar(&o.dir, "dir", "", "`folder` for the files that are moved (default: in memory where there is room)")
	flags.BoolVar(&o.alone, "alone", false, "leave the others out, even if they are installed")
	flags.BoolVar(&o.keep, "keep", false, "keep what was made")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is one argument too many", flags.Arg(0))
	}
	if o.only, err = regexp.Compile(only); err != nil {
		return o, err
	}
	if o.runs < 1 || o.size < 1 || o.sparse < 1 || o.files < 1 || o.shared < 1 || o.names < 1 {
		return o, errors.New("less than one cannot be measured")
	}
	return o, nil
}

// size is bytes as people write them: 512MiB, 1GiB, 100000.
type size int64

var units = []struct {
	name  string
	bytes int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// String is flag.Value's.
func (s *size) String() string {
	for _, u := range units {
		if int64(*s) >= u.bytes && int64(*s)%u.bytes == 0 {
			return fmt.Sprintf("%d %s", int64(*s)/u.bytes, u.name)
		}
	}
	return "0"
}

// Set is flag.Value's.
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
