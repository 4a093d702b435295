package client_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// wares returns so many files of these bytes.
func wares(n int, size uint64) (items []client.Wanted) {
	for i := range n {
		items = append(items, client.Wanted{Name: fmt.Sprintf("f%d", i), Hash: protocol.Hash{byte(i + 1), byte((i + 1) >> 8)}, Size: size})
	}
	return items
}

// orders are the lines for asking for items.
func orders(items []client.Wanted, which ...int) (lines []string) {
	for _, i := range which {
		lines = append(lines, fmt.Sprintf("send 0 GET name=%s length=%d hash=%x", items[i].Name, items[i].Size, items[i].Hash[:1]))
	}
	return lines
}

// pipelining returns a story about a pipeline that has asked for the first items.
func pipelining(t *testing.T, items []client.Wanted, asked ...int) *rolestest.Story {
	t.Helper()
	h := client.NewPipeline(at(1), items)
	s := rolestest.New(t, h, h.State)
	s.Tell(roles.Started{}, "Dialing", dials(0, 1))
	s.Waits(roles.DialTimeout)
	s.Tell(roles.Opened{}, "Asking", append(orders(items, asked...), "hear 0")...)
	s.Waits(roles.ReplyTimeout)
	return s
}

func ware(item client.Wanted) *protocol.Content {
	return &protocol.Content{Size: item.Size, Length: item.Size, Hash: item.Hash}
}

// follows has an item come and be right, with what is asked for then.
func follows(s *rolestest.Story, items []client.Wanted, item int, then ...int) {
	s.Hear(0, ware(items[item]), "Receiving", fmt.Sprintf("receive-body 0 0+%d", items[item].Size))
	s.Tell(roles.Verified{}, "Receiving", "report answered")
	s.Tell(roles.BodyDone{}, "Asking", append(orders(items, then...), "hear 0")...)
}

// codesOf returns the code of each item that was answered.
func codesOf(s *rolestest.Story) map[int]protocol.Code {
	codes := map[int]protocol.Code{}
	for _, outcome := range s.Reports {
		if h, is := outcome.(client.Answered); is {
			codes[h.Item] = h.Code
		}
	}
	return codes
}

// ends fails unless these items were answered with these codes, and the others are left.
func ends(t *testing.T, s *rolestest.Story, code protocol.Code, codes map[int]protocol.Code, left ...int) {
	t.Helper()
	h := s.Machine.(*client.Pipeline)
	if got := codesOf(s); fmt.Sprint(got) != fmt.Sprint(codes) || !slices.Equal(h.Left(), left) {
		t.Errorf("answered %v, left %v; want %v, %v", got, h.Left(), codes, left)
	}
	if tried := of[client.Tried](t, s); tried.Code != code || tried != h.Result() || tried.Node != at(1) || !h.Final() {
		t.Errorf("tried %+v", tried)
	}
}

func TestManyFilesComeOverOneLink(t *testing.T) {
	items := wares(3, 10)
	s := pipelining(t, items, 0, 1, 2)
	follows(s, items, 0)
	s.Hear(0, ware(items[1]), "Receiving", "receive-body 0 0+10")
	s.Waits(roles.ProgressTimeout)
	s.Tell(roles.Verified{}, "Receiving", "report answered")
	s.Tell(roles.BodyDone{}, "Asking", "hear 0")
	s.Hear(0, ware(items[2]), "Receiving", "receive-body 0 0+10")
	s.Tell(roles.Verified{}, "Receiving", "report answered")
	s.Tell(roles.BodyDone{}, "Leaving", left(0)...)
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	ends(t, s, 0, map[int]protocol.Code{0: 0, 1: 0, 2: 0})
}

// TestABodyGoesToItsItem: the store is told which one it is, and how it is verified.
func TestABodyGoesToItsItem(t *testing.T) {
	items := wares(2, 10)
	h := client.NewPipeline(at(1), items)
	for _, in := range []roles.Input{roles.Started{}, roles.Opened{}, roles.Heard{Message: refusal(protocol.NotFound)}} {
		h.Step(roles.Moment{}, in)
	}
	for _, effect := range h.Step(roles.Moment{}, roles.Heard{Message: ware(items[1])}) {
		if body, is := effect.(roles.ReceiveBody); is {
			if body.Item != 1 || body.Size != 10 || !slices.Equal(body.Values, []protocol.Hash{items[1].Hash}) {
				t.Errorf("%+v", body)
			}
			return
		}
	}
	t.Error("no body is received")
}

// TestOnlySoManyFilesAreAskedForAhead: MaxPipelined of them, and MaxPipelinedBytes. The next ones are asked for together, when half
// of these have come.
func TestOnlySoManyFilesAreAskedForAhead(t *testing.T) {
	items, all := wares(2*roles.MaxPipelined, 10), []int{}
	for i := range roles.MaxPipelined {
		all = append(all, i)
	}
	s := pipelining(t, items, all...)
	half, next := roles.MaxPipelined/2, []int{}
	for item := range half - 1 {
		follows(s, items, item)
	}
	for item := range half {
		next = append(next, roles.MaxPipelined+item)
	}
	follows(s, items, half-1, next...)
	s.Hear(0, refusal(protocol.NotFound), "Asking", "report answered", "hear 0")

	large := wares(20, protocol.GroupSize)
	s = pipelining(t, large, all[:roles.MaxPipelinedBytes/protocol.GroupSize]...)
	follows(s, large, 0, roles.MaxPipelinedBytes/protocol.GroupSize)
}

// TestLongNamesAreAskedForInFewerRequests: all that are under way have room between client and node,
// which may both be writing.
func TestLongNamesAreAskedForInFewerRequests(t *testing.T) {
	items := wares(200, 10)
	for i := range items {
		items[i].Name = strings.Repeat("n", protocol.MaxComponent) + fmt.Sprint("/", i)
	}
	h := client.NewPipeline(at(1), items)
	rest, most := 0, 0
	step := func(in roles.Input) {
		for _, effect := range h.Step(roles.Moment{}, in) {
			if send, is := effect.(roles.Send); is {
				if _, is := send.Message.(*protocol.Get); is {
					rest += len(protocol.Append(nil, send.Message))
					most = max(most, rest)
				}
			}
		}
	}
	step(roles.Started{})
	step(roles.Opened{})
	for i := range items {
		rest -= len(protocol.Append(nil, &protocol.Get{Name: items[i].Name, Hash: items[i].Hash, Length: items[i].Size}))
		if i < len(items)-1 {
			step(roles.Heard{Message: refusal(protocol.NotFound)})
		}
	}
	if rest != 0 || most > roles.MaxRequested || most < roles.MaxRequested*3/4 {
		t.Errorf("%d bytes of requests were under way, and %d are left", most, rest)
	}
}

// TestAnEmptyFileIsAskedForItsAttributes: no body follows, and the next answer is heard.
func TestAnEmptyFileIsAskedForItsAttributes(t *testing.T) {
	items := wares(3, 10)
	items[0], items[2] = client.Wanted{Name: "f0", Hash: made(0, 1).Hash}, client.Wanted{Name: "f2", Hash: made(0, 1).Hash}
	nothing := []string{fmt.Sprintf("send 0 GET name=f0 hash=%x", items[0].Hash[:1]), fmt.Sprintf("send 0 GET name=f2 hash=%x", items[2].Hash[:1])}
	h := client.NewPipeline(at(1), items)
	s := rolestest.New(t, h, h.State)
	s.Tell(roles.Started{}, "Dialing", dials(0, 1))
	s.Tell(roles.Opened{}, "Asking", nothing[0], orders(items, 1)[0], nothing[1], "hear 0")
	empty := &protocol.Content{Hash: items[0].Hash, Modified: 7, Executable: true}
	s.Hear(0, empty, "Asking", "report answered", "hear 0")
	full := ware(items[1])
	full.Modified = 8
	s.Hear(0, full, "Receiving", "receive-body 0 0+10")
	s.Tell(roles.Verified{}, "Receiving", "report answered")
	s.Tell(roles.BodyDone{}, "Asking", "hear 0")
	s.Hear(0, &protocol.Content{Hash: items[0].Hash}, "Leaving", append([]string{"report answered"}, left(0)...)...)
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	ends(t, s, 0, map[int]protocol.Code{0: 0, 1: 0, 2: 0})
	for _, outcome := range s.Reports {
		if answer, is := outcome.(client.Answered); is {
			want := []protocol.Attributes{{Modified: 7, Executable: true}, {Modified: 8}, {}}[answer.Item]
			if answer.Attributes != want {
				t.Errorf("item %d: %+v", answer.Item, answer.Attributes)
			}
		}
	}
	s = pipelining(t, items[1:2], 0)
	s.Hear(0, &protocol.Content{Hash: items[0].Hash}, "Leaving", append([]string{"send 0 ERROR changed by client"}, left(0)...)...)
}

// TestAnEmptyFileWhoseHashIsNotThatOfNoBytesIsRefused: a size of 0 is a claim like any other.
func TestAnEmptyFileWhoseHashIsNotThatOfNoBytesIsRefused(t *testing.T) {
	items := wares(2, 0)
	h := client.NewPipeline(at(1), items)
	s := rolestest.New(t, h, h.State)
	s.Tell(roles.Started{}, "Closed", "report answered", "report answered", "report tried")
	ends(t, s, 0, map[int]protocol.Code{0: protocol.BadHash, 1: protocol.BadHash})

	s, _ = visiting(t)
	s.Hear(3, &protocol.Outboard{Hash: made(10, 1).Hash}, "Leaving", parts(protocol.BadHash)...)
}

func TestALargeFileIsNotForAPipeline(t *testing.T) {
	items := wares(2, 10)
	items[0].Size = protocol.GroupSize + 1
	h := client.NewPipeline(at(1), items)
	s := rolestest.New(t, h, h.State)
	s.Tell(roles.Started{}, "Dialing", "report answered", dials(0, 1))
	s.Tell(roles.Lost{Code: protocol.Refused}, "Closed", "hangup 0", "report tried")
	ends(t, s, protocol.Refused, map[int]protocol.Code{0: protocol.Limit}, 1)
}

// TestWhatOneFileLacksDoesNotConcernTheAlternates: an ERROR that does not end the link is about one file.
func TestWhatOneFileLacksDoesNotConcernTheOthers(t *testing.T) {
	items := wares(4, 10)
	s := pipelining(t, items, 0, 1, 2, 3)
	s.Hear(0, refusal(protocol.NotFound), "Asking", "report answered", "hear 0")
	follows(s, items, 1)
	s.Hear(0, refusal(protocol.Changed), "Asking", "report answered", "hear 0")
	s.Hear(0, refusal(protocol.Denied), "Leaving", append([]string{"report answered"}, left(0)...)...)
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	ends(t, s, 0, map[int]protocol.Code{0: protocol.NotFound, 1: 0, 2: protocol.Changed, 3: protocol.Denied})
}

// TestWhatIsNotAnsweredIsHandedBack: each way in which the link can end too early.
func TestWhatIsNotAnsweredIsHandedBack(t *testing.T) {
	closed := []string{"hangup 0", "report tried"}
	for code, fail := range map[protocol.Code]func(*rolestest.Story){
		protocol.Draining: func(s *rolestest.Story) {
			s.Hear(0, refusal(protocol.Draining), "Leaving", left(0)...)
			s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
		},
		protocol.Lost:    func(s *rolestest.Story) { s.Tell(roles.PeerEnded{}, "Closed", closed...) },
		protocol.Timeout: func(s *rolestest.Story) { s.Ring("Closed", closed...) },
		protocol.Malformed: func(s *rolestest.Story) {
			s.Tell(roles.Malformed{Err: refusal(protocol.Malformed)}, "Leaving", append([]string{"send 0 ERROR malformed by client"}, left(0)...)...)
			s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
		},
		protocol.Changed: func(s *rolestest.Story) { // another file than was asked for
			s.Hear(0, ware(client.Wanted{Hash: protocol.Hash{99}, Size: 10}), "Leaving", append([]string{"send 0 ERROR changed by client"}, left(0)...)...)
			s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
		},
		protocol.Disk: func(s *rolestest.Story) {
			s.Hear(0, ware(wares(2, 10)[1]), "Receiving", "receive-body 0 0+10")
			s.Tell(roles.StoreFailed{Item: 1, Err: errors.New("no space")}, "Closed", closed...)
		},
		protocol.Interrupted: func(s *rolestest.Story) { s.Tell(roles.Stopped{}, "Closed", closed...) },
	} {
		items := wares(3, 10)
		s := pipelining(t, items, 0, 1, 2)
		follows(s, items, 0)
		fail(s)
		ends(t, s, code, map[int]protocol.Code{0: 0}, 1, 2)
	}
}

// TestAWrongFileEndsAPipeline: the file is answered with what the node's next answer makes of it, the rest is handed back.
func TestAWrongFileEndsAPipeline(t *testing.T) {
	for _, next := range []protocol.Code{protocol.Changed, protocol.Draining} {
		items := wares(3, 10)
		s := pipelining(t, items, 0, 1, 2)
		s.Hear(0, ware(items[0]), "Receiving", "receive-body 0 0+10")
		s.Tell(roles.BodyWrong{}, "Doubting")
		s.Tell(roles.BodyDone{}, "Judging", "hear 0")
		want := next
		if next == protocol.Changed {
			s.Hear(0, refusal(next), "Leaving", append([]string{"report answered"}, left(0)...)...)
			s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
		} else {
			want = protocol.BadHash
			s.Hear(0, refusal(next), "Leaving", append([]string{"send 0 ERROR bad-hash by client"}, leaves(0, "report answered", "report tried")...)...)
			s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
		}
		ends(t, s, want, map[int]protocol.Code{0: want}, 1, 2)
	}
}

// TestAWrongFileThatWasTheLastIsAskedForAgain: else there would be no answer to judge by.
func TestAWrongFileThatWasTheLastIsAskedForAgain(t *testing.T) {
	items := wares(1, 10)
	s := pipelining(t, items, 0)
	s.Hear(0, ware(items[0]), "Receiving", "receive-body 0 0+10")
	s.Tell(roles.BodyWrong{}, "Doubting")
	s.Tell(roles.BodyDone{}, "Judging", append(orders(items, 0), "hear 0")...)
	s.Hear(0, ware(items[0]), "Leaving", append([]string{"send 0 ERROR bad-hash by client"}, leaves(0, "report answered", "report tried")...)...)
	s.Ring("Closed", "hangup 0")
	ends(t, s, protocol.BadHash, map[int]protocol.Code{0: protocol.BadHash})
}

// TestTheDeadlineOfARequestAheadBeginsWithTheEndOfTheAnswerBefore: however long ago it was sent.
func TestTheDeadlineOfARequestAheadBeginsWithTheEndOfTheAnswerBefore(t *testing.T) {
	items := wares(2, 10)
	s := pipelining(t, items, 0, 1)
	s.At.Now += roles.ReplyTimeout - 1
	follows(s, items, 0)
	s.Waits(roles.ReplyTimeout)
	s.Ring("Closed", "hangup 0", "report tried")
	if want := 2*roles.ReplyTimeout - 1; s.At.Now != want {
		t.Errorf("let go after %v, want %v", s.At.Now, want)
	}
}

func TestAPipelineWaitsForANodeThatHashes(t *testing.T) {
	items := wares(2, 10)
	s := pipelining(t, items, 0, 1)
	s.At.Now += roles.ReplyTimeout - 1
	s.Hear(0, &protocol.Hashing{Done: 10, Size: 10}, "Asking", "hear 0", "report hashing")
	s.Waits(roles.ReplyTimeout)
	s.At.Now += roles.ReplyTimeout - 1
	s.Hear(0, &protocol.Hashing{Done: 10, Size: 10}, "Asking", "hear 0", "report hashing")
	s.Ring("Closed", "hangup 0", "report tried")
	ends(t, s, protocol.Timeout, map[int]protocol.Code{}, 0, 1)
}

// TestEachFileIsHashedForItself: the progress of one file is no bar to that of the next, however the
// first was answered.
func TestEachFileIsHashedForItself(t *testing.T) {
	empty := made(0, 1).Hash
	hashing := &protocol.Hashing{Done: 2 * roles.MinProgress, Size: protocol.GroupSize}
	for name, answer := range map[string]func(s *rolestest.Story){
		"declined": func(s *rolestest.Story) { s.Machine.Step(s.At, roles.Heard{Message: refusal(protocol.NotFound)}) },
		"empty":    func(s *rolestest.Story) { s.Machine.Step(s.At, roles.Heard{Message: &protocol.Content{Hash: empty}}) },
		"received": func(s *rolestest.Story) {
			s.Machine.Step(s.At, roles.Heard{Message: &protocol.Content{Size: 10, Length: 10, Hash: rolestest.Hash(1)}})
			s.Machine.Step(s.At, roles.Verified{})
			s.Machine.Step(s.At, roles.BodyDone{})
		},
	} {
		first := client.Wanted{Name: "a", Hash: rolestest.Hash(1), Size: 10}
		if name == "empty" {
			first = client.Wanted{Name: "a", Hash: empty}
		}
		h := client.NewPipeline(at(1), []client.Wanted{first, {Name: "b", Hash: rolestest.Hash(2), Size: 10}})
		s := rolestest.New(t, h, h.State)
		s.Machine.Step(s.At, roles.Started{})
		s.Machine.Step(s.At, roles.Opened{})
		s.Machine.Step(s.At, roles.Heard{Message: hashing})
		answer(s)
		s.At.Now = roles.ReplyTimeout - 1
		s.Hear(0, hashing, "Asking", "hear 0", "report hashing")
		s.Waits(roles.ReplyTimeout)
	}
}
