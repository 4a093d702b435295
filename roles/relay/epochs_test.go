package relay_test

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestTheTableOfEpochs does what each cell of SPEC's table says, over a link, and looks at what the
// relay then knows.
func TestTheTableOfEpochs(t *testing.T) {
	rows := tableOfEpochs(t)
	for _, row := range rows[1:] {
		for column, cell := range row[1:] {
			heading := rows[0][column+1]
			for _, before := range pastsOf(heading) {
				t.Run(row[0]+"/"+heading+"/"+before.what, func(t *testing.T) {
					d := newDesk(t, relay.Policy{})
					before.bring(d)
					checkCell(t, d, row[0], epochOf(heading), before.known, cell)
				})
			}
		}
	}
}

// tableOfEpochs reads the table: its heading, and a row for each message.
func tableOfEpochs(t *testing.T) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n| the epoch is |")
	table, _, ended := strings.Cut("| the epoch is |"+table, "\n\n")
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !strings.HasPrefix(line, "|---") {
			rows = append(rows, cells)
		}
	}
	if !found || !ended || len(rows) != 5 || len(rows[0]) != 7 {
		t.Fatalf("SPEC.md has no table of epochs: %v", rows)
	}
	return rows
}

const knownEpoch = 5

func epochOf(heading string) uint64 {
	switch {
	case strings.HasPrefix(heading, "below"):
		return knownEpoch - 1
	case strings.HasPrefix(heading, "above"):
		return knownEpoch + 1
	}
	return knownEpoch
}

// past is what has happened to node 1 so far.
type past struct {
	what  string
	known uint64
	bring func(d *desk)
}

// pastsOf returns all that may have happened where a heading stands.
func pastsOf(heading string) []past {
	listed := func(d *desk) { d.wants(d.register(1, knownEpoch), granted) }
	lapse := func(d *desk) {
		listed(d)
		d.at.Now += roles.LeaseTTL
	}
	runs := past{"its lease runs", knownEpoch, listed}
	ended := []past{
		{"its lease has lapsed", knownEpoch, lapse},
		{"its lease has lapsed, and is swept", knownEpoch, func(d *desk) { lapse(d); d.LastSeen(d.at.Now) }},
		{"it has left", knownEpoch, func(d *desk) { listed(d); d.leave(1, knownEpoch) }},
	}
	switch {
	case strings.HasPrefix(heading, "of an id"):
		return []past{{"nothing has happened", 0, func(*desk) {}}, {"all is forgotten", 0, func(d *desk) {
			listed(d)
			d.leave(1, knownEpoch)
			d.at.Now += roles.LastSeenKeep
		}}}
	case strings.HasSuffix(heading, "the lease runs"):
		return []past{runs}
	case strings.HasSuffix(heading, "no lease runs"):
		return ended
	}
	return append(ended, runs)
}

func checkCell(t *testing.T, d *desk, message string, epoch, known uint64, cell string) {
	answer, effect, _ := strings.Cut(cell, ": ")
	before := fmt.Sprint(d.Leases(d.at.Now))
	got := d.says(message, epoch)
	if !isAnswer(got, answer) {
		t.Fatalf("answered with %s, SPEC says %s", rolestest.Say(got), cell)
	}
	if e, is := got.(*protocol.Error); is && e.Code == protocol.Superseded && e.Epoch != known {
		t.Errorf("the epoch to go above is %d, known is %d", e.Epoch, known)
	}
	leases := d.Leases(d.at.Now)
	switch effect {
	case "", "nothing changes":
		if fmt.Sprint(leases) != before || d.known() != known {
			t.Errorf("leases %v, known %d; before %s, %d", leases, d.known(), before, known)
		}
	case "a lease of this epoch", "the lease runs on":
		if len(leases) != 1 || leases[0].Epoch != epoch || leases[0].Until != d.at.Now+roles.LeaseTTL || d.known() != epoch {
			t.Errorf("leases %v, known %d", leases, d.known())
		}
	case "the lease ends", "the lease ends, this epoch is known", "this epoch is known":
		if len(leases) != 0 || d.known() != epoch {
			t.Errorf("leases %v, known %d", leases, d.known())
		}
	default:
		t.Errorf("SPEC says %q, which nothing here can look for", effect)
	}
}

// isAnswer reports whether a message is what a cell calls it: a kind, or a code in back-quotes.
func isAnswer(got protocol.Message, name string) bool {
	if e, is := got.(*protocol.Error); is {
		return name == "`"+e.Code.String()+"`"
	}
	return name == got.Kind().String() || name == "judged further" && got.Kind() == protocol.KindPublished
}

// says sends a message of node 1 over a link, and returns the answer.
func (d *desk) says(message string, epoch uint64) protocol.Message {
	id := rolestest.Node(1)
	m := map[string]protocol.Message{
		"REGISTER": &protocol.Register{ID: id, Epoch: epoch, Port: 4001},
		"RENEW":    &protocol.Renew{ID: id, Epoch: epoch},
		"LEAVE":    &protocol.Leave{ID: id, Epoch: epoch},
		"PUBLISH":  &protocol.Publish{ID: id, Epoch: epoch, Index: 1},
	}[message]
	session := relay.NewSession(d.Registry, &relay.Answers{})
	session.Step(d.at, roles.Opened{Peer: netip.AddrPortFrom(d.from, 50_000)})
	for _, e := range session.Step(d.at, roles.Heard{Message: m}) {
		if send, is := e.(roles.Send); is {
			return send.Message
		}
	}
	d.t.Fatalf("%s was not answered", message)
	return nil
}

// known returns the epoch that the relay knows of node 1, or 0.
func (d *desk) known() (epoch uint64) {
	for _, lease := range d.Leases(d.at.Now) {
		epoch = max(epoch, lease.Epoch)
	}
	for _, sighting := range d.LastSeen(d.at.Now) {
		epoch = max(epoch, sighting.Epoch)
	}
	return epoch
}
