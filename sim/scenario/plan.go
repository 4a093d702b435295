package scenario

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Plan returns the scenario as text, one thing a line, as words and values. [Parse] reads it back.
func (s *Scenario) Plan() string {
	var b strings.Builder
	line := func(words ...any) { fmt.Fprintln(&b, words...) }
	line("seed", s.Seed)
	line("heal", s.Heal)
	if s.Drain > 0 {
		line("drain", s.Drain)
	}
	line("clients", s.Clients)
	if s.Behind {
		line("behind", 1)
	}
	fmt.Fprint(&b, "relay", word("drift", s.Relay.Drift), word("page", s.Relay.Page), word("entries", s.Relay.Entries), word("lists", s.Relay.Lists), word("names", s.Relay.Names), word("forgets", truth(s.Relay.Forgets)), word("both", truth(s.Relay.Both)), word("plain", truth(s.Relay.Plain)), word("closed", truth(s.Relay.Closed)), word("ways", s.Relay.Ways), word("passes", s.Relay.Passes), word("pace", s.Relay.Pace), word("circuits", truth(s.Relay.Circuits)), word("unproven", truth(s.Relay.Unproven)), text("lie", string(s.Relay.Lie)), "\n")
	for i := range s.Nodes {
		n := &s.Nodes[i]
		fmt.Fprint(&b, "node id ", n.ID, span("start", n.Start), word("drift", n.Drift), text("lie", string(n.Lie)), word("quiet", truth(n.Quiet)), word("lone", truth(n.Lone)), word("walled", truth(n.Walled)), word("up", n.Up), word("uploads", n.Uploads), word("both", truth(n.Both)), "\n")
		for _, f := range n.Files {
			fmt.Fprint(&b, "file", text("name", f.Name), word("content", f.Content), " size ", f.Size, "\n")
		}
	}
	for i := range s.Ops {
		o := &s.Ops[i]
		fmt.Fprint(&b, "op ", o.Do, " who ", o.Who, span("at", o.At), text("name", o.Name),
			word("sources", o.Sources), word("pin", o.Pin), word("once", truth(o.Once)), text("with", o.With), "\n")
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		fmt.Fprint(&b, "fault ", f.Class, " who ", f.Who, text("with", f.With), span("at", f.At), word("event", f.Event), span("for", f.For), word("n", f.N), text("name", f.Name), "\n")
	}
	return b.String()
}

func word(key string, n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" %s %d", key, n)
}

func truth(is bool) int {
	if is {
		return 1
	}
	return 0
}

func span(key string, d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf(" %s %v", key, d)
}

func text(key, value string) string {
	if value == "" {
		return ""
	}
	quoted := strconv.QuoteToASCII(value)
	if bare := quoted[1 : len(quoted)-1]; bare == value && !strings.Contains(value, " ") {
		quoted = value
	}
	return " " + key + " " + strings.ReplaceAll(quoted, " ", `\x20`)
}

// Parse reads the text that Plan writes. It skips empty lines and those that begin with #.
func Parse(plan string) (*Scenario, error) {
	s := &Scenario{}
	lines := bufio.NewScanner(strings.NewReader(plan))
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		p := planLine{words: words[1:]}
		p.into(s, words[0])
		if p.err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", n, lines.Text(), p.err)
		}
		if len(p.words) > 0 {
			return nil, fmt.Errorf("line %d: %q is not understood", n, p.words)
		}
	}
	if s.Heal == 0 {
		return nil, fmt.Errorf("the plan does not say when everything heals")
	}
	return s, lines.Err()
}

// planLine is one line of a plan while Parse reads it.
type planLine struct {
	words []string
	err   error
}

func (p *planLine) into(s *Scenario, what string) {
	switch what {
	case "seed":
		s.Seed = uint64(p.number(p.first()))
	case "heal":
		s.Heal = p.duration(p.first())
	case "drain":
		s.Drain = p.duration(p.first())
	case "clients":
		s.Clients = p.number(p.first())
	case "behind":
		s.Behind = p.number(p.first()) != 0
	case "relay":
		s.Relay = Relay{Drift: p.number(p.key("drift")), Page: p.number(p.key("page")), Entries: p.number(p.key("entries")), Lists: p.number(p.key("lists")), Names: p.number(p.key("names")), Forgets: p.number(p.key("forgets")) != 0, Both: p.number(p.key("both")) != 0, Plain: p.number(p.key("plain")) != 0, Closed: p.number(p.key("closed")) != 0, Ways: p.number(p.key("ways")), Passes: p.number(p.key("passes")), Pace: p.number(p.key("pace")), Circuits: p.number(p.key("circuits")) != 0, Unproven: p.number(p.key("unproven")) != 0, Lie: Lie(p.key("lie"))}
	case "node":
		s.Nodes = append(s.Nodes, Node{
			ID: p.number(p.key("id")), Start: p.duration(p.key("start")), Drift: p.number(p.key("drift")), Lie: Lie(p.key("lie")),
			Quiet: p.number(p.key("quiet")) != 0, Lone: p.number(p.key("lone")) != 0, Walled: p.number(p.key("walled")) != 0, Up: p.number(p.key("up")), Uploads: p.number(p.key("uploads")), Both: p.number(p.key("both")) != 0,
		})
	case "file":
		f := File{Name: p.key("name"), Content: p.number(p.key("content")), Size: uint64(p.number(p.key("size")))}
		if len(s.Nodes) == 0 {
			p.err = fmt.Errorf("a file stands after its node")
			return
		}
		last := &s.Nodes[len(s.Nodes)-1]
		last.Files = append(last.Files, f)
	case "op":
		o := Op{Do: Verb(p.first()), Who: p.key("who"), At: p.duration(p.key("at")), Name: p.key("name"),
			Sources: p.number(p.key("sources")), Pin: p.number(p.key("pin")), Once: p.number(p.key("once")) != 0, With: p.key("with")}
		if !slices.Contains(verbs, o.Do) {
			p.err = fmt.Errorf("no operation is called %q", o.Do)
		}
		s.Ops = append(s.Ops, o)
	case "fault":
		f := Fault{Class: Class(p.first()), Who: p.key("who"), With: p.key("with"), At: p.duration(p.key("at")),
			Event: p.number(p.key("event")), For: p.duration(p.key("for")), N: p.number(p.key("n")), Name: p.key("name")}
		if _, known := classIndex[f.Class]; !known {
			p.err = fmt.Errorf("no class of faults is called %q", f.Class)
		} else if least := f.Class.Info().mildest(); f.N <= 0 && least > 0 {
			p.err = fmt.Errorf("a fault %s has a number, such as n %d", f.Class, least)
		}
		s.Faults = append(s.Faults, f)
	default:
		p.err = fmt.Errorf("no line begins with %q", what)
	}
}

func (p *planLine) first() string {
	if len(p.words) == 0 {
		p.err = fmt.Errorf("ends too early")
		return ""
	}
	first := p.words[0]
	p.words = p.words[1:]
	return first
}

// key removes a word and its value from the line and returns the value, or "".
func (p *planLine) key(key string) string {
	for i := 0; i+1 < len(p.words); i += 2 {
		if p.words[i] != key {
			continue
		}
		value := p.words[i+1]
		p.words = append(p.words[:i:i], p.words[i+2:]...)
		if strings.HasPrefix(value, `"`) {
			var err error
			if value, err = strconv.Unquote(value); err != nil {
				p.err = err
			}
		}
		return value
	}
	return ""
}

func (p *planLine) number(text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		p.err = err
	}
	return n
}

func (p *planLine) duration(text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		p.err = err
	}
	return d
}
