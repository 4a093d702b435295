package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles/client"
)

// README's table has the events and their keys, in the order in which they are written.
func TestREADMEDescribesTheEvents(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, event := range map[string]any{
		"file": fileEvent{}, "progress": progressEvent{}, "tried": triedEvent{}, "relayed": relayedEvent{}, "variants": variantsEvent{}, "waiting": waitingEvent{},
		"note": noteEvent{}, "listed": listedEvent{}, "holder": holderEvent{}, "end": endEvent{},
	} {
		var keys []string
		for i, of := 1, reflect.TypeOf(event); i < of.NumField(); i++ { // after "event"
			key, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			keys = append(keys, "`"+key+"`")
		}
		row := regexp.MustCompile(`(?m)^\| ` + "`" + name + "`" + ` \| [^|]+ \| ` + regexp.QuoteMeta(strings.Join(keys, ", ")) + ` \|$`)
		if !row.Match(readme) {
			t.Errorf("README has no row of %q with the keys %s", name, strings.Join(keys, ", "))
		}
	}
	for _, word := range outcomes {
		if !strings.Contains(string(readme), "`"+word+"`") {
			t.Errorf("README does not name the outcome %q", word)
		}
	}
}

func TestEachOutcomeHasAWord(t *testing.T) {
	for o := client.Running; o <= client.GivenUp; o++ {
		if outcomes[o] == "" {
			t.Errorf("outcome %d has none", o)
		}
	}
}

func TestProgressIsToldNowAndThen(t *testing.T) {
	var out bytes.Buffer
	e := newEvents(&out)
	for i := range 1000 {
		e.progress(figures{size: 1000, done: uint64(i)})
	}
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d events in no time", n)
	}
	e.last = time.Now().Add(-progressEvery)
	e.progress(figures{size: 1000, done: 1000, kept: 7, files: 3, of: 4})
	if !strings.HasSuffix(out.String(), `{"event":"progress","bytes":1000,"of_bytes":1000,"kept_bytes":7,"files":3,"of_files":4}`+"\n") {
		t.Error(out.String())
	}
}

func TestTheLastEventCountsAndHasTheFailure(t *testing.T) {
	var out bytes.Buffer
	e := newEvents(&out)
	e.file(fileEvent{Name: "a\n<b>", Outcome: "fetched", Bytes: 10, KeptBytes: 4})
	e.file(fileEvent{Name: "c", Outcome: "here", Bytes: 10, KeptBytes: 10})
	e.file(fileEvent{Name: "d", Outcome: "clash", ExitCode: 1})
	err := e.over(failure(5, "undelivered"))
	if err == nil || err.Error() != "" {
		t.Errorf("it would be told twice: %v", err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if lines[0] != `{"event":"file","name":"a\n<b>","outcome":"fetched","exit_code":0,"bytes":10,"kept_bytes":4,"sources":[],"took_ms":0}` {
		t.Error(lines[0])
	}
	var end endEvent
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || len(lines) != 4 {
		t.Fatal(err, lines)
	}
	if end.TookMS = 0; end != (endEvent{Event: "end", ExitCode: 5, Text: "undelivered", Fetched: 1, Here: 1, Failed: 1, Bytes: 6}) {
		t.Errorf("%+v", end)
	}
}

// full is an output that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestEventsThatCannotBeWrittenAreAFailure(t *testing.T) {
	e := newEvents(full{})
	e.tell(noteEvent{"note", "x"})
	if err := e.over(nil); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Error(err)
	}
	var none *events
	none.tell(noteEvent{"note", "x"})
	none.file(fileEvent{})
	none.progress(figures{})
	none.tried(client.Tried{})
}

func TestWhatIsBegunInPlaceOfAnotherContentIsSaid(t *testing.T) {
	var lines []string
	c := &command{}
	p := &progress{line: func(text string) { lines = append(lines, text) }}
	c.follow(p, client.Begun{Identity: client.Identity{Size: 9}, Other: true})
	c.follow(p, client.Begun{Identity: client.Identity{Size: 8}, Other: true})
	if len(lines) != 2 || !strings.Contains(lines[0], "an earlier try") || !strings.Contains(lines[1], "what was begun any more") {
		t.Errorf("%q", lines)
	}
}
