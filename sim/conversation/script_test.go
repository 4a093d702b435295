package conversation

import (
	"fmt"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/annotate"
)

// A script is what a conversation is written from.
type script struct {
	name  string // of the file; the subject's comes first
	about string
	given []line // what else the header says
	steps []step
}

func (s script) conversation() conversation {
	subject, _, _ := strings.Cut(s.name, "-")
	header := append([]line{{"about", s.about}, {"subject", subject}}, s.given...)
	return conversation{name: s.name, header: header, steps: s.steps}
}

func given(pairs ...string) (lines []line) {
	for i := 0; i < len(pairs); i += 2 {
		lines = append(lines, line{pairs[i], pairs[i+1]})
	}
	return lines
}

// The steps of a link. The tester plays the other side.

func connects(link string) step         { return step{link: link, act: "connects"} }
func accepts(link, at string) step      { return step{link: link, act: "accepts", arg: at} }
func refuses(at string) step            { return step{act: "refuses", arg: at} }
func ends(link string) step             { return step{link: link, act: "ends"} }
func ended(link string) step            { return step{link: link, act: "ended"} }
func waits(millis int) step             { return step{act: "waits", arg: fmt.Sprint(millis)} }
func stops() step                       { return step{act: "stops"} }
func body(link string, at, n int) step  { return sent(link, "content", at, n) }
func wrong(link string, at, n int) step { return sent(link, "wrong", at, n) }
func gets(link string, at, n int) step {
	return step{link: link, act: "gets", arg: fmt.Sprintf("content %d %d", at, n)}
}

func sent(link, kind string, at, n int) step {
	return step{link: link, act: "sends", arg: fmt.Sprintf("%s %d %d", kind, at, n)}
}

// raw sends bytes that are no message.
func raw(link string, b []byte, comment string) step {
	return step{link: link, act: "sends", arg: "bytes", bytes: b, text: annotate.Bytes(b, comment)}
}

func says(link string, m protocol.Message, notes ...note) step {
	return message(link, "says", m, notes)
}
func hears(link string, m protocol.Message, notes ...note) step {
	return message(link, "hears", m, notes)
}

// mayHear is a message that the subject may send, and need not: nothing is answered.
func mayHear(link string, m protocol.Message, notes ...note) step {
	s := message(link, "may", m, notes)
	s.arg = "hear " + s.arg
	return s
}

// answers is what is said if the message that the subject could send came.
func answers(link string, m protocol.Message) step { return message(link, "answers", m, nil) }

func message(link, act string, m protocol.Message, notes []note) step {
	frame := protocol.Append(nil, m)
	return step{link: link, act: act, arg: m.Kind().String(), notes: notes, bytes: frame, text: annotate.Frame(frame, m)}
}

// refused is an ERROR of the subject, whose words are its own choice.
func refused(link string, by protocol.Party, code protocol.Code) step {
	return hears(link, &protocol.Error{Code: code, By: by}, free("3"), free("4"))
}

func free(path string) note        { return note{"any", path, ""} }
func keep(path, name string) note  { return note{"keep", path, name} }
func same(path, name string) note  { return note{"same", path, name} }
func place(path, name string) note { return note{"put", path, name} }

// closes is the graceful end of a link that the tester has opened, and closed that of one that the
// subject has opened.
func closes(link string) []step { return []step{ends(link), ended(link)} }
func closed(link string) []step { return []step{ended(link), ends(link)} }

// steps joins steps and lists of steps.
func steps(parts ...any) (all []step) {
	for _, part := range parts {
		switch part := part.(type) {
		case step:
			all = append(all, part)
		case []step:
			all = append(all, part...)
		}
	}
	return all
}
