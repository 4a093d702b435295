package sim

import (
	"fmt"
	"io"
	"strings"
)

// arrows says how the lines of a trace look in a diagram; what is not in it is left out.
var arrows = map[What]string{
	Dials: "--)", Sends: "->>", SendsBody: "-)", HangsUp: "--x",
}

// noted are the lines of a trace that stand as notes over their host.
var noted = map[What]bool{
	Starts: true, Stops: true, Exits: true, Rings: true, Faults: true, Ceases: true, Heal: true, Results: true, Loses: true, Garbles: true, Flips: true,
}

// Diagram writes the trace as a Mermaid sequence diagram: hosts as columns; messages, faults and timers as they fell.
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

// mermaid writes text so that Mermaid takes it for text.
func mermaid(text string) string {
	return strings.NewReplacer(";", ",", "#", "", "\n", " ", ":", " ").Replace(text)
}
