package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

func TestKnownRelaysAreColumnsForProgramsAndATableForPeople(t *testing.T) {
	id := protocol.PeerID{1, 2}
	date := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	known := []state.Known{
		{Address: "relay.example:4000", ID: id, Date: date, How: state.FirstContact}, {Address: "[::1]:1", ID: id, Date: date, How: state.Pinned},
	}
	var out bytes.Buffer
	rest := "\t" + id.String() + "\t2026-11-27T12:00:00Z\t"
	if err := printKnown(&out, known, false); err != nil || out.String() != "relay.example:4000"+rest+"first-contact\n[::1]:1"+rest+"pinned\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	if err := printKnown(&out, known, true); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	local := date.Local().Format(time.DateTime)
	if len(lines) != 4 || strings.Join(strings.Fields(lines[0]), " ") != "RELAY ID SINCE HOW" || !strings.HasSuffix(lines[2], id.String()+"  "+local+"  pinned") ||
		strings.Index(lines[1], id.String()) != strings.Index(lines[2], id.String()) {
		t.Errorf("%q", out.String())
	}
}
