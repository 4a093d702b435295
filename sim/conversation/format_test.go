package conversation

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const folder = "../../protocol/testdata/conversations"

// A conversation is one file: header lines, an empty line, and steps. A step is a line, and below
// it, indented, notes and the bytes in hexadecimal, where "#" begins a comment.
type conversation struct {
	name   string
	header []line
	steps  []step
}

type line struct{ key, value string }

type step struct {
	link  string // "": the step concerns the subject as a whole
	act   string
	arg   string
	notes []note
	bytes []byte
	text  string // of the bytes, with comments; when it is written
}

// A note says how a top-level or nested item of a message is treated: any value will do, it is kept
// under a name, or one that was kept is expected or put in its place.
type note struct {
	act  string // any, keep, same, put
	path string // keys of maps and positions in lists, from the payload on
	name string
}

// of returns the values of a header key.
func (c conversation) of(key string) (values []string) {
	for _, l := range c.header {
		if l.key == key {
			values = append(values, l.value)
		}
	}
	return values
}

func (c conversation) only(key string) string { return strings.Join(c.of(key), "\n") }

func (c conversation) String() string {
	var out strings.Builder
	for _, l := range c.header {
		fmt.Fprintf(&out, "%s: %s\n", l.key, l.value)
	}
	out.WriteString("\n")
	for _, s := range c.steps {
		fmt.Fprintln(&out, strings.TrimSpace(strings.Join([]string{s.link, s.act, s.arg}, " ")))
		for _, n := range s.notes {
			fmt.Fprintln(&out, "\t"+strings.TrimSpace(strings.Join([]string{n.act, n.path, n.name}, " ")))
		}
		for l := range strings.Lines(s.text) {
			out.WriteString("\t" + l)
		}
	}
	return out.String()
}

// parse reads the text of a file. It knows links by their one capital letter.
func parse(name, text string) (conversation, error) {
	c := conversation{name: name}
	header, body, found := strings.Cut(text, "\n\n")
	if !found {
		return c, fmt.Errorf("no empty line after the header")
	}
	for l := range strings.SplitSeq(header, "\n") {
		key, value, found := strings.Cut(l, ": ")
		if !found {
			return c, fmt.Errorf("header line %q", l)
		}
		c.header = append(c.header, line{key, value})
	}
	for l := range strings.SplitSeq(strings.TrimRight(body, "\n"), "\n") {
		if err := c.take(l); err != nil {
			return c, fmt.Errorf("%q: %w", l, err)
		}
	}
	return c, nil
}

func (c *conversation) take(l string) error {
	words := strings.Fields(l)
	if len(words) == 0 {
		return fmt.Errorf("an empty line")
	}
	if !strings.HasPrefix(l, "\t") {
		var s step
		if first := words[0]; len(first) == 1 && first >= "A" && first <= "Z" {
			s.link, words = first, words[1:]
		}
		s.act, s.arg = words[0], strings.Join(words[1:], " ")
		c.steps = append(c.steps, s)
		return nil
	}
	if len(c.steps) == 0 {
		return fmt.Errorf("indented before the first step")
	}
	s := &c.steps[len(c.steps)-1]
	switch words[0] {
	case "any", "keep", "same", "put":
		n := note{act: words[0], path: words[1]}
		if len(words) > 2 {
			n.name = words[2]
		}
		s.notes = append(s.notes, n)
		return nil
	}
	digits, _, _ := strings.Cut(l, "#")
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	s.bytes = append(s.bytes, b...)
	return err
}

func readAll(t *testing.T) (all []conversation) {
	t.Helper()
	paths, err := filepath.Glob(folder + "/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := parse(strings.TrimSuffix(filepath.Base(path), ".txt"), string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, c)
	}
	return all
}
