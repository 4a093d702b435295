package main

import (
	"encoding/json"
	"io"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// The events of --json: one JSON object a line. README has a table of them, and a test holds the
// table to these types.
type (
	// fileEvent tells what has become of a file, or of an argument that stands for none.
	fileEvent struct {
		Event     string   `json:"event"` // "file"
		Name      string   `json:"name,omitempty"`
		To        string   `json:"to,omitempty"`
		Outcome   string   `json:"outcome"`
		ExitCode  int      `json:"exit_code"`
		Code      string   `json:"code,omitempty"`
		By        string   `json:"by,omitempty"`
		Text      string   `json:"text,omitempty"`
		Hash      string   `json:"hash,omitempty"`
		Bytes     uint64   `json:"bytes"`
		KeptBytes uint64   `json:"kept_bytes"`
		Sources   []string `json:"sources"`
		TookMS    int64    `json:"took_ms"`
	}
	// progressEvent tells how far the fetch is.
	progressEvent struct {
		Event     string `json:"event"` // "progress"
		Bytes     uint64 `json:"bytes"`
		OfBytes   uint64 `json:"of_bytes"`
		KeptBytes uint64 `json:"kept_bytes"`
		Files     int    `json:"files,omitempty"`
		OfFiles   int    `json:"of_files,omitempty"`
		Waiting   string `json:"waiting,omitempty"`
	}
	// triedEvent tells how a visit to a node went.
	triedEvent struct {
		Event     string `json:"event"` // "tried"
		Node      string `json:"node"`
		Code      string `json:"code,omitempty"`
		By        string `json:"by,omitempty"`
		Text      string `json:"text,omitempty"`
		Published bool   `json:"published"`
		TookMS    int64  `json:"took_ms"`
	}
	// relayedEvent tells that there is a way to a node through the relay.
	relayedEvent struct {
		Event     string `json:"event"` // "relayed"
		Node      string `json:"node"`
		TookMS    int64  `json:"took_ms"`
		MostBytes uint64 `json:"most_bytes,omitempty"`
		Rate      uint64 `json:"bytes_per_second,omitempty"`
		Last      string `json:"last,omitempty"`
		LastBytes uint64 `json:"last_bytes,omitempty"`
	}
	// waitingEvent tells what is waited for before the next try.
	waitingEvent struct {
		Event      string   `json:"event"` // "waiting"
		Text       string   `json:"text"`
		Publishing uint64   `json:"publishing"`
		Indexing   []string `json:"indexing"`
		YoungMS    int64    `json:"young_ms"`
		LeftMS     int64    `json:"left_ms"`
	}
	// variantsEvent tells which other contents nodes have under a name.
	variantsEvent struct {
		Event  string   `json:"event"` // "variants"
		Name   string   `json:"name"`
		Nodes  uint64   `json:"nodes"`
		Hashes []string `json:"hashes"`
	}
	// noteEvent is a line for people that no other event tells.
	noteEvent struct {
		Event string `json:"event"` // "note"
		Text  string `json:"text"`
	}
	// listedEvent is a line of --list.
	listedEvent struct {
		Event    string `json:"event"` // "listed"
		Name     string `json:"name"`
		Bytes    uint64 `json:"bytes"`
		Hash     string `json:"hash,omitempty"`
		Nodes    uint64 `json:"nodes"`
		Contents int    `json:"contents"`
		Modified uint64 `json:"modified,omitempty"` // seconds since 1970
	}
	// holderEvent is a line of --who.
	holderEvent struct {
		Event string `json:"event"` // "holder"
		Node  string `json:"node"`
		Bytes uint64 `json:"bytes"`
		Hash  string `json:"hash,omitempty"`
	}
	// endEvent is the last one.
	endEvent struct {
		Event    string `json:"event"` // "end"
		ExitCode int    `json:"exit_code"`
		Text     string `json:"text,omitempty"`
		Fetched  int    `json:"fetched"`
		Here     int    `json:"here"`
		Failed   int    `json:"failed"`
		Bytes    uint64 `json:"bytes"`
		TookMS   int64  `json:"took_ms"`
	}
)

// events writes the events of --json, and counts files for the last one. A nil one writes nothing.
type events struct {
	out   io.Writer
	err   error // of writing; nothing more is written
	since time.Time
	end   endEvent
	last  time.Time // when progress was told
}

// progressEvery is how far apart events about progress are at least.
const progressEvery = 500 * time.Millisecond

func newEvents(out io.Writer) *events { return &events{out: out, since: time.Now()} }

func (e *events) tell(event any) {
	if e == nil || e.err != nil {
		return
	}
	encoder := json.NewEncoder(e.out)
	encoder.SetEscapeHTML(false)
	e.err = encoder.Encode(event)
}

// file tells and counts a file. Of several of one content the bytes are those of the content.
func (e *events) file(f fileEvent) {
	if e == nil {
		return
	}
	switch f.Event = "file"; f.Outcome {
	case "fetched":
		e.end.Fetched++
		e.end.Bytes += f.Bytes - f.KeptBytes
	case "here":
		e.end.Here++
	default:
		e.end.Failed++
	}
	if f.Sources == nil {
		f.Sources = []string{}
	}
	e.tell(f)
}

// progress tells how far a fetch is, now and then.
func (e *events) progress(f figures) {
	if e == nil || time.Since(e.last) < progressEvery {
		return
	}
	e.last = time.Now()
	e.tell(progressEvent{"progress", f.done, f.size, f.kept, f.files, f.of, f.waiting})
}

func (e *events) waiting(why peer.Awaited, text string) {
	told := waitingEvent{"waiting", text, why.Publishing, addresses(why.Indexing), why.Young.Milliseconds(), why.Left.Milliseconds()}
	if told.Indexing == nil {
		told.Indexing = []string{}
	}
	e.tell(told)
}

func (e *events) tried(t client.Tried) {
	if e == nil {
		return
	}
	told := triedEvent{Event: "tried", Node: t.Node.String(), Published: t.Published, TookMS: t.Took.Milliseconds()}
	if t.Code != 0 {
		told.Code, told.By, told.Text = t.Code.String(), t.By.String(), cli.ForDisplay(t.Text)
	}
	e.tell(told)
}

func (e *events) relayed(r client.Relayed) {
	told := relayedEvent{Event: "relayed", Node: r.Node.String(), TookMS: r.Took.Milliseconds(), MostBytes: r.Bytes, Rate: r.Rate, LastBytes: r.LastBytes}
	if r.Last != 0 {
		told.Last = r.Last.String()
	}
	e.tell(told)
}

// over tells how the program ends, and returns the failure that it ends with.
func (e *events) over(failure error) error {
	if failure != nil {
		e.end.ExitCode, e.end.Text = cli.ExitCode(failure), failure.Error()
	}
	e.end.Event, e.end.TookMS = "end", time.Since(e.since).Milliseconds()
	e.tell(e.end)
	if failure != nil {
		return &cli.Failure{Code: cli.ExitCode(failure)}
	}
	return e.err
}

// resultEvent returns the event of a file that was asked for. Failure is what its result is to the
// user.
func resultEvent(request peer.Request, to string, r client.Result, failure error, took time.Duration) fileEvent {
	event := fileEvent{
		Name: request.Name, To: to, Outcome: outcomes[r.Outcome], Bytes: r.Size, KeptBytes: r.Kept, TookMS: took.Milliseconds(),
	}
	event.Hash, event.Sources = hashText(r.Hash), addresses(r.From)
	if r.Outcome == client.Fetched && r.Kept == r.Size && r.Size > 0 {
		event.Outcome = "here"
	}
	return event.failed(failure, r)
}

// failed adds to an event why there is no file.
func (f fileEvent) failed(failure error, r client.Result) fileEvent {
	if failure == nil {
		return f
	}
	f.ExitCode, f.Text, f.To = cli.ExitCode(failure), failure.Error(), ""
	if r.Outcome == client.Fetched { // and could not be written out
		f.Outcome = outcomes[client.DiskFailed]
	}
	if r.Code != 0 {
		f.Code, f.By = r.Code.String(), r.By.String()
	}
	return f
}

// outcomes are the words of --json for the outcomes of fetches. Beside these there are "here", of a
// file that was there already, and "clash".
var outcomes = map[client.Outcome]string{
	client.Running: "interrupted", client.Fetched: "fetched", client.NobodyHad: "not-found", client.TooEarly: "too-early", client.Unsure: "unsure",
	client.Undelivered: "undelivered", client.NoRelay: "no-relay", client.DiskFailed: "disk-failed", client.BadlyNamed: "bad-name",
	client.Interrupted: "interrupted", client.GivenUp: "given-up",
}

// argumentEvent returns the event of an argument that stands for no file.
func argumentEvent(arg string, failure error) fileEvent {
	word := map[int]string{
		cli.ExitNobodyHas: "not-found", cli.ExitNoRelay: "no-relay", cli.ExitUsage: "bad-name", cli.ExitInterrupted: "interrupted",
		cli.ExitTooEarly: "too-early",
	}[cli.ExitCode(failure)]
	if word == "" {
		word = "unsure"
	}
	return fileEvent{Name: arg, Outcome: word, ExitCode: cli.ExitCode(failure), Text: failure.Error()}
}

func addresses(nodes []client.Node) (texts []string) {
	for _, node := range nodes {
		texts = append(texts, node.String())
	}
	return texts
}

func hashText(h protocol.Hash) string {
	if h.IsZero() {
		return ""
	}
	return h.String()
}
