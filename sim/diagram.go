package sim

import (
	"fmt"
	"io"
	"strings"
)

// arrows maps the kinds of trace lines that a diagram draws as arrows.
var arrows = map[What]string{
	Dials: "--)", Sends: "->>", SendsBody: "-)", HangsUp: "--x",
}

// noted are the kinds of trace lines that a diagram shows as notes over their host.
var noted = map[What]bool{
	Starts: true, Stops: true, Exits: true, TimerFires: true, Faults: true, Ceases: true, Heal: true, Results: true, Loses: true, Misreads: true, Flips: true,
}

// Diagram writes the trace as a Mermaid sequence diagram, with a column for each host and messages,
// faults and timers in their order.
func (t *Trace) Diagram(out io.Writer) error {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	used := map[int]bool{}
	for i := range t.Lines {
		l := &t.Lines[i]
		if arrows[l.What] != "" {
			used[l.Host], used[l.Peer] = true, true
		} else if l.What != Starts {
			used[l.Host] = true
		}
	}
	for i, host := range t.Hosts {
		if used[i] {
			fmt.Fprintf(&b, "    participant %s\n", host)
		}
	}
	second := -1
	for i := range t.Lines {
		l := &t.Lines[i]
		if !used[l.Host] {
			continue
		}
		if s := int(l.At.Seconds()); s != second {
			second = s
			fmt.Fprintf(&b, "    Note over %s: %d s\n", t.Hosts[l.Host], s)
		}
		t.draw(&b, l)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (t *Trace) draw(b *strings.Builder, l *Line) {
	what := whatWords[l.What]
	if arrow := arrows[l.What]; arrow != "" {
		switch {
		case l.Message != nil:
			what = describe(l.Message)
		case l.What == SendsBody:
			what = fmt.Sprintf("%d bytes of content", l.N)
		case l.Text != "":
			what = l.Text
		}
		fmt.Fprintf(b, "    %s%s%s: %s\n", t.Hosts[l.Host], arrow, t.Hosts[l.Peer], mermaid(what))
		return
	}
	if !noted[l.What] {
		return
	}
	if l.Text != "" {
		what += " " + l.Text
	}
	fmt.Fprintf(b, "    Note over %s: %s\n", t.Hosts[l.Host], mermaid(what))
}

// mermaid removes the characters that have a meaning in Mermaid.
func mermaid(text string) string {
	return strings.NewReplacer(";", ",", "#", "", "\n", " ", ":", " ").Replace(text)
}
