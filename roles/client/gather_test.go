package client_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// offered returns an offer of a file that these nodes have.
func offered(name string, f file, holders ...byte) client.Offer {
	return client.Offer{Name: name, Identity: f.Identity, Count: uint64(len(holders)), Holders: ats(holders...)}
}

// small returns an offer of ten bytes.
func small(name string, seed byte, holders ...byte) client.Offer {
	return offered(name, made(10, seed), holders...)
}

// gathers returns a story about a Gather.
func gathers(t *testing.T, offers ...client.Offer) *rolestest.Story {
	t.Helper()
	g := client.NewGather(client.GatherRequest{Relay: relayAddress, Wanted: offers})
	return rolestest.New(t, g, g.State)
}

// pulls has a link open: the files are asked for, one after the other.
func pulls(s *rolestest.Story, link roles.Link, offers ...client.Offer) {
	var lines []string
	for _, one := range offers {
		lines = append(lines, fmt.Sprintf("send %d GET name=%s length=%d hash=%x", link, one.Name, one.Size, one.Hash[:1]))
	}
	s.Tell(roles.Opened{Link: link}, "Pipelining", append(lines, fmt.Sprintf("hear %d", link))...)
}

// brings has a file come over a link, whole, with what is asked for then.
func brings(s *rolestest.Story, link roles.Link, one client.Offer, then ...string) {
	head := &protocol.Content{Size: one.Size, Length: one.Size, Hash: one.Hash}
	s.Hear(link, head, "Pipelining", fmt.Sprintf("receive-body %d 0+%d", link, one.Size))
	s.Tell(roles.Verified{Link: link}, "Pipelining", "report had")
	s.Tell(roles.BodyDone{Link: link}, "Pipelining", then...)
}

// committed is the answer to a CommitStore of these items, of which some could not be put in their
// places.
func placed(items []int, failed ...int) roles.StoreCommitted {
	var in roles.StoreCommitted
	for _, item := range items {
		one := roles.Placed{Item: item}
		if slices.Contains(failed, item) {
			one.Err = errors.New("in the way")
		}
		in.Items = append(in.Items, one)
	}
	return in
}

// fates returns the outcome of each name that has been reported, as play does.
func fates(t *testing.T, s *rolestest.Story) string {
	t.Helper()
	p := play{t: t, reports: s.Reports}
	return p.outcomes()
}

func TestSmallFilesShareALinkAndAreCommittedTogether(t *testing.T) {
	a, b := small("a", 1, 1), small("b", 2, 1)
	s := gathers(t, a, b)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	pulls(s, 0, a, b)
	brings(s, 0, a, "hear 0")
	brings(s, 0, b, left(0, "commit-store 0 1")...)
	closes(s, 0, "Pipelining")
	s.Waits(roles.CommitTimeout)
	s.Tell(placed([]int{0, 1}), "Done", "report gathered", "report gathered")
	if got := fates(t, s); got != "a:fetched b:fetched " {
		t.Error(got)
	}
	p := play{t: t, reports: s.Reports}
	if r := p.results()["a"]; !slices.Equal(r.From, ats(1)) || r.Hash != a.Hash || r.Size != 10 || r.Name != "a" {
		t.Errorf("%+v", r)
	}
}

// TestALinkIsUsedAgainWhenItsFilesAreInTheirPlaces: files do not come faster than the disk takes
// them.
func TestALinkIsUsedAgainWhenItsFilesAreInTheirPlaces(t *testing.T) {
	offers := many(1000, 1)
	p := newPlay(t, client.GatherRequest{Wanted: offers}, holding(offers))
	p.disk.hangs = true
	for p.step(roles.Started{}); len(p.inbox)+len(p.others) > 0; {
		p.next()
	}
	if len(p.commits) != 2 || len(p.links) != 0 {
		t.Fatalf("%d commits are pending, %d links are open", len(p.commits), len(p.links))
	}
	for range 1000 / 501 {
		p.step(placed([]int{0}))
	}
}

// many returns so many small offers of one node.
func many(n int, holders ...byte) (offers []client.Offer) {
	for i := range n {
		hash := protocol.Hash{1, byte(i), byte(i >> 8), byte(i >> 16)}
		offers = append(offers, client.Offer{
			Name: fmt.Sprintf("f%06d", i), Identity: client.Identity{Hash: hash, Size: 10}, Holders: ats(holders...),
		})
	}
	return offers
}

// manyLarge returns offers as large as they may be for a Pipeline, which brings 64 of them.
func manyLarge(n int, holders ...byte) []client.Offer {
	offers := many(n, holders...)
	for i := range offers {
		offers[i].Size = protocol.GroupSize
	}
	return offers
}

// holding returns nodes that have what is offered of them.
func holding(offers []client.Offer, more ...map[string]file) map[client.Node]*actor {
	nodes := map[client.Node]*actor{}
	for _, one := range offers {
		for _, node := range one.Holders {
			if nodes[node] == nil {
				nodes[node] = &actor{files: map[string]file{}}
			}
			nodes[node].files[one.Name] = file{Identity: one.Identity}
		}
	}
	for _, files := range more {
		for _, node := range nodes {
			maps.Copy(node.files, files)
		}
	}
	return nodes
}

// TestPipelinesAreOfAboutTheSameSize: all links end at about the same time, and none has more than
// 4096 files.
func TestPipelinesAreOfAboutTheSameSize(t *testing.T) {
	for _, c := range []struct{ files, nodes, most int }{
		{1, 1, 1},
		{256, 1, 256},
		{1000, 1, 501},
		{8192, 1, 2049},
		{10_000, 1, 2501},
		{10_000, 4, 1251},
		{40_000, 1, 4001},
	} {
		holders := []byte{1, 2, 3, 4}[:c.nodes]
		offers := many(c.files, holders...)
		p := newPlay(t, client.GatherRequest{Wanted: offers}, holding(offers))
		p.run()
		got := 0
		for _, commit := range p.commits {
			got = max(got, len(commit.Items))
		}
		if got != c.most {
			t.Errorf("%d files of %d nodes: pipelines of %d, not %d", c.files, c.nodes, got, c.most)
		}
		if n := len(p.results()); n != c.files {
			t.Errorf("%d results of %d", n, c.files)
		}
	}
}

func TestAPipelineBringsOnlySoManyBytes(t *testing.T) {
	offers := manyLarge(1200, 1)
	p := newPlay(t, client.GatherRequest{Wanted: offers}, holding(offers))
	p.run()
	for _, commit := range p.commits {
		if bytes := len(commit.Items) * protocol.GroupSize; bytes > 64<<20 {
			t.Errorf("%d bytes", bytes)
		}
	}
}

func TestWhatOneNodeFailedToGiveIsAskedOfAnother(t *testing.T) {
	a, b := small("a", 1, 1, 2), small("b", 2, 1)
	s := gathers(t, a, b)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	pulls(s, 0, a, b)
	s.Hear(0, refusal(protocol.NotFound), "Pipelining", "hear 0")
	brings(s, 0, b, left(0, "commit-store 1")...)
	closes(s, 0, "Pipelining")
	s.Tell(placed([]int{1}), "Pipelining", "report gathered", dials(0, 2))
	pulls(s, 0, a)
	brings(s, 0, a, left(0, "commit-store 0")...)
	closes(s, 0, "Pipelining")
	s.Tell(placed([]int{0}), "Done", "report gathered")
}

// TestANodeThatIsLostIsNotAskedAgain by a Pipeline: its files are asked of others, and then fetched
// by themselves.
func TestANodeThatIsLostIsNotAskedAgain(t *testing.T) {
	a, b, c := small("a", 1, 1), small("b", 2, 1, 2), small("c", 3, 1)
	s := gathers(t, a, b, c)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	pulls(s, 0, a, b, c)
	brings(s, 0, a, "hear 0")
	says(s, 0, protocol.Draining, "Pipelining", "commit-store 0")
	closes(s, 0, "Pipelining")
	s.Tell(placed([]int{0}), "Pipelining", "report gathered", dials(0, 2))
	pulls(s, 0, b)
	brings(s, 0, b, left(0, "commit-store 1")...)
	closes(s, 0, "Pipelining")
	s.Tell(placed([]int{1}), "Fetching", "report gathered", "inspect-store 2 c")
}

// behindhand returns a story in which node 1 has been asked for a and b, and node 2, which has b
// and c, has nothing to do.
func behindhand(t *testing.T) (s *rolestest.Story, a, b client.Offer) {
	t.Helper()
	a, b = small("a", 1, 1), small("b", 2, 1, 2)
	c := small("c", 3, 2)
	s = gathers(t, a, b, small("d", 4, 1), c)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1), dials(1, 2))
	pulls(s, 0, a, b, small("d", 4, 1))
	pulls(s, 1, c)
	brings(s, 1, c, left(1, "commit-store 3")...)
	closes(s, 1, "Pipelining")
	s.Tell(placed([]int{3}), "Pipelining", "report gathered")
	return s, a, b
}

func TestAnIdleNodeTakesOverFromASlowOne(t *testing.T) {
	s, a, b := behindhand(t)
	brings(s, 0, a, "hear 0")
	s.At.Now = roles.OvertakePatience - 1
	s.Waits(roles.OvertakePatience)
	s.Ring("Pipelining", "hangup 0", "report tried", "commit-store 0")
	s.Tell(placed([]int{0}), "Pipelining", "report gathered", dials(0, 1), dials(1, 2)) // node 1 alone has d
	pulls(s, 0, small("d", 4, 1))
	pulls(s, 1, b)
}

// TestANodeThatIsOvertakenWithAWrongFileIsLost: it has failed, and not only been slow.
func TestANodeThatIsOvertakenWithAWrongFileIsLost(t *testing.T) {
	s, a, b := behindhand(t)
	brings(s, 0, a, "hear 0")
	s.Hear(0, &protocol.Content{Size: b.Size, Length: b.Size, Hash: b.Hash}, "Pipelining", "receive-body 0 0+10")
	s.Tell(roles.BodyWrong{Link: 0}, "Pipelining")
	s.Tell(roles.BodyDone{Link: 0}, "Pipelining", "hear 0")
	s.Ring("Pipelining", "hangup 0", "report tried", "commit-store 0")
	s.Tell(placed([]int{0}), "Pipelining", "report gathered", dials(0, 2))
}

// TestANodeThatIsOvertakenIsAskedForMoreInTheNextRound, and not at once: the others go first.
func TestANodeThatIsOvertakenIsAskedForMoreInTheNextRound(t *testing.T) {
	offers := manyLarge(140, 1)
	offers[0].Holders = ats(1, 2)
	own := small("own", 9, 2)
	nodes := holding(append(offers, own))
	nodes[at(1)].silent = true
	p := newPlay(t, client.GatherRequest{Wanted: append(offers, own)}, nodes)
	for p.step(roles.Started{}); p.now < roles.OvertakePatience && p.next(); {
	}
	for len(p.inbox)+len(p.others) > 0 {
		p.next()
	}
	if n := nodes[at(1)].dialled; n != 2 || p.now != roles.OvertakePatience {
		t.Errorf("the node was dialled %d times, at %v", n, p.now)
	}
}

// TestANodeTakesNothingOverThatItDidNotGive.
func TestANodeTakesNothingOverThatItDidNotGive(t *testing.T) {
	a := small("a", 1, 1, 2)
	x, y, z := small("x", 2, 1, 3), small("y", 3, 3), small("z", 4, 3)
	s := gathers(t, a, x, y, z)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 3), dials(1, 1))
	s.Tell(roles.Lost{Link: 0, Code: protocol.Refused}, "Pipelining", "hangup 0", "report tried")
	pulls(s, 1, a)
	s.Hear(1, refusal(protocol.NotFound), "Pipelining", left(1, dials(0, 1), dials(9, 2))...)
	closes(s, 1, "Pipelining")
	pulls(s, 0, x)
	pulls(s, 9, a)
	brings(s, 0, x, left(0, "commit-store 1")...)
	closes(s, 0, "Pipelining")
	s.Tell(placed([]int{1}), "Pipelining", "report gathered")
	s.Ring("Pipelining") // in vain
	s.Ring("Fetching", "hangup 9", "report tried", "inspect-store 0 a", "inspect-store 2 y", "inspect-store 3 z")
	if s.At.Now != roles.ReplyTimeout {
		t.Errorf("it was waited for for %v", s.At.Now)
	}
}

func TestASlowNodeThatBringsWhatTheIdleOneHasIsNotStopped(t *testing.T) {
	s, a, b := behindhand(t)
	brings(s, 0, a, "hear 0")
	brings(s, 0, b, "hear 0")
	s.Ring("Pipelining") // in vain
	brings(s, 0, small("d", 4, 1), left(0, "commit-store 0 1 2")...)
	closes(s, 0, "Pipelining")
}

// TestANodeThatIsLostTakesNothingOver: it would not be asked.
func TestANodeThatIsLostTakesNothingOver(t *testing.T) {
	offers := manyLarge(140, 2)
	offers[139].Holders = ats(1, 2)
	nodes := holding(offers)
	nodes[at(1)].silent = true
	p := newPlay(t, client.GatherRequest{Wanted: offers}, nodes)
	losesALink(p, nodes[at(2)])
	p.g.Watch(func(moved roles.Transition) {
		if moved.Event == "Overtaken" {
			t.Error("a pipeline was stopped for the node that is lost")
		}
	})
	for p.step(roles.Started{}); len(p.located) == 0 && p.next(); {
	}
	if n := nodes[at(2)].dialled; n != 2 || p.now < roles.ReplyTimeout {
		t.Errorf("the node was dialled %d times, in %v", n, p.now)
	}
}

// losesALink has link 0 break, and no way lead to its node, when the node has sent a few files over it and
// another one.
func losesALink(p *play, node *actor) {
	p.input = func(in roles.Input) {
		if _, is := in.(roles.BodyDone); is && node.given == 5 {
			p.inbox[0] = []roles.Input{roles.Lost{Link: 0, Code: protocol.Unreachable}}
			node.given = 1000
		}
	}
}

// TestAPipelineThatIsOverIsNotOvertaken, although the link is in use again.
func TestAPipelineThatIsOverIsNotOvertaken(t *testing.T) {
	s, a, b := behindhand(t)
	brings(s, 0, a, "hear 0")
	s.Hear(0, refusal(protocol.NotFound), "Pipelining", "hear 0")
	s.Hear(0, refusal(protocol.NotFound), "Pipelining", left(0, "commit-store 0")...)
	closes(s, 0, "Pipelining")
	s.Tell(placed([]int{0}), "Pipelining", "report gathered", dials(0, 2))
	pulls(s, 0, b)
	s.Waits(roles.ReplyTimeout)
}

func TestACommitMayFailForSomeFiles(t *testing.T) {
	a, b := small("a", 1, 1), small("b", 2, 1)
	s := gathers(t, a, b)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	pulls(s, 0, a, b)
	brings(s, 0, a, "hear 0")
	brings(s, 0, b, left(0, "commit-store 0 1")...)
	closes(s, 0, "Pipelining")
	s.Tell(placed([]int{0, 1}, 1), "Done", "report gathered", "report gathered")
	if got := fates(t, s); got != "a:fetched b:disk " {
		t.Error(got)
	}
}

func TestACommitThatIsLateIsGivenUp(t *testing.T) {
	a := small("a", 1, 1)
	s := gathers(t, a)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	pulls(s, 0, a)
	brings(s, 0, a, left(0, "commit-store 0")...)
	closes(s, 0, "Pipelining")
	s.Ring("Done", "report gathered")
	if s.At.Now != roles.CommitTimeout {
		t.Errorf("given up after %v", s.At.Now)
	}
	s.Tell(placed([]int{0}), "Done") // too late
	if got := fates(t, s); got != "a:disk " {
		t.Error(got)
	}
}

// TestAFailureOfOurDiskIsNoFailureOfTheNode: what had come is committed, the rest has failed, and
// the node is asked for what is not concerned.
func TestAFailureOfOurDiskIsNoFailureOfTheNode(t *testing.T) {
	offers := manyLarge(200, 1)
	p := newPlay(t, client.GatherRequest{Wanted: offers}, holding(offers))
	p.disk.receive = map[int]bool{2: true}
	p.run()
	results := p.results()
	for i, one := range offers {
		want := client.Fetched
		if 2 <= i && i < 64 { // of the same load
			want = client.DiskFailed
		}
		if got := results[one.Name].Outcome; got != want {
			t.Fatalf("%s: %v instead of %v", one.Name, got, want)
		}
	}
	if len(p.located) > 0 {
		t.Errorf("the relay was asked for %v", p.located)
	}
}

// TestAFileThatOurDiskDidNotTakeToTheEndIsNotCommitted, although all of it has come.
func TestAFileThatOurDiskDidNotTakeToTheEndIsNotCommitted(t *testing.T) {
	a, b := small("a", 1, 1), small("b", 2, 1)
	s := gathers(t, a, b)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	pulls(s, 0, a, b)
	brings(s, 0, a, "hear 0")
	s.Hear(0, &protocol.Content{Size: 10, Length: 10, Hash: b.Hash}, "Pipelining", "receive-body 0 0+10")
	s.Tell(roles.Verified{}, "Pipelining", "report had")
	s.Tell(roles.StoreFailed{Item: 1, Err: errors.New("no space left")}, "Pipelining", "report gathered", "hangup 0", "report tried", "commit-store 0")
	s.Tell(placed([]int{0}), "Done", "report gathered")
	if got := fates(t, s); got != "a:fetched b:disk " {
		t.Error(got)
	}
}

// TestTheOtherLinkToANodeThatIsLostTakesNoMore: it ends with what it has been asked for.
func TestTheOtherLinkToANodeThatIsLostTakesNoMore(t *testing.T) {
	offers := manyLarge(200, 1)
	nodes := holding(offers)
	p := newPlay(t, client.GatherRequest{Wanted: offers}, nodes)
	losesALink(p, nodes[at(1)])
	for p.step(roles.Started{}); len(p.located) == 0 && p.next(); {
	}
	if n := nodes[at(1)].dialled; n != 2 {
		t.Errorf("the node was dialled %d times", n)
	}
}

// TestStopped in each state.
func TestAGatherThatIsStopped(t *testing.T) {
	a, b := small("a", 1, 1), small("b", 2, 1)
	s := gathers(t, a, b)
	s.Tell(roles.Stopped{}, "Done", "report gathered", "report gathered")
	if got := fates(t, s); got != "a:interrupted b:interrupted " {
		t.Error(got)
	}

	s = gathers(t, a, b)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	pulls(s, 0, a, b)
	brings(s, 0, a, "hear 0")
	s.Tell(roles.Stopped{}, "Stopping", "hangup 0", "report tried", "commit-store 0")
	s.Waits(roles.CommitTimeout)
	s.Tell(roles.Stopped{}, "Stopping")
	s.Tell(placed([]int{0}), "Done", "report gathered", "report gathered")
	if got := fates(t, s); got != "a:fetched b:interrupted " {
		t.Error(got)
	}

	s = gathers(t, a, b)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	s.Tell(roles.Stopped{}, "Done", "hangup 0", "report tried", "report gathered", "report gathered")

	s = gathers(t, small("a", 1), small("b", 2), small("c", 3), small("d", 4), small("e", 5))
	s.Tell(roles.Started{}, "Fetching", "inspect-store 0 a", "inspect-store 1 b", "inspect-store 2 c", "inspect-store 3 d")
	s.Tell(roles.StoreInspected{Item: 1}, "Fetching", fmt.Sprintf("dial %d relay:4000", client.PipelineLinks+client.FetchSpan))
	s.Tell(roles.Stopped{}, "Done", append([]string{"releasestore 0", "report gathered", fmt.Sprintf("hangup %d", client.PipelineLinks+client.FetchSpan), "releasestore 1", "report gathered"},
		"releasestore 2", "report gathered", "releasestore 3", "report gathered", "report gathered")...)
}

// TestTheNamesOfAContentAreStoppedTogether: there is no other way to try.
func TestTheNamesOfAContentAreStoppedTogether(t *testing.T) {
	s := gathers(t, small("a", 1), small("b", 1))
	s.Tell(roles.Started{}, "Fetching", "inspect-store 0 ")
	s.Tell(roles.Stopped{}, "Done", "releasestore 0", "report gathered")
	if got := fates(t, s); got != "a:interrupted b:interrupted " {
		t.Error(got)
	}
}

// TestNothingNewBeginsAfterAStop, when the commits come to their ends.
func TestNothingNewBeginsAfterAStop(t *testing.T) {
	offers := manyLarge(200, 1)
	p := newPlay(t, client.GatherRequest{Wanted: offers}, holding(offers))
	p.disk.hangs = true
	for p.step(roles.Started{}); len(p.inbox)+len(p.others) > 0; {
		p.next()
	}
	p.step(roles.Stopped{})
	for _, commit := range slices.Clone(p.commits) {
		var items []int
		for _, item := range commit.Items {
			items = append(items, item.Item)
		}
		p.step(placed(items))
	}
	if n := p.nodes[at(1)].dialled; n != 2 || !p.g.Final() {
		t.Errorf("the node was dialled %d times, and it is %s", n, p.g.State())
	}
}

// TestACommitOfAFetchIsWaitedForWhenStopped: what is whole is put in its place.
func TestACommitOfAFetchIsWaitedForWhenStopped(t *testing.T) {
	offers := []client.Offer{offered("a", made(2*group, 1), 1)}
	p := newPlay(t, client.GatherRequest{Wanted: offers}, map[client.Node]*actor{at(1): {files: map[string]file{"a": made(2*group, 1)}}})
	p.disk.hangs = true
	for p.step(roles.Started{}); len(p.commits) == 0; {
		p.next()
	}
	p.step(roles.Stopped{})
	if p.g.State() != client.GatherStopping {
		t.Fatal(p.g.State())
	}
	p.step(placed([]int{0}))
	if got := p.outcomes(); got != "a:fetched " || !p.g.Final() {
		t.Error(got)
	}
}

// What each node says of a file goes to the store with the file.
func TestAttributesGoToTheStore(t *testing.T) {
	empty, a := offered("empty", made(0, 1), 1), small("a", 1, 1)
	s := gathers(t, a, empty)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	s.Tell(roles.Opened{}, "Pipelining", append([]string{fmt.Sprintf("send 0 GET name=a length=10 hash=%x", a.Hash[:1]),
		fmt.Sprintf("send 0 GET name=empty hash=%x", empty.Hash[:1])}, "hear 0")...)
	s.Hear(0, &protocol.Content{Size: 10, Length: 10, Hash: a.Hash, Modified: 5, Executable: true}, "Pipelining", "receive-body 0 0+10")
	s.Tell(roles.Verified{}, "Pipelining", "report had")
	s.Tell(roles.BodyDone{}, "Pipelining", "hear 0")
	var commit roles.CommitStore
	g := s.Machine.(*client.Gather)
	for _, effect := range g.Step(roles.Moment{}, roles.Heard{Message: &protocol.Content{Hash: empty.Hash, Modified: 6}}) {
		if asked, is := effect.(roles.CommitStore); is {
			commit = asked
		}
	}
	want := []roles.Placement{{Item: 0, Size: 10, Attributes: protocol.Attributes{Modified: 5, Executable: true}}, {Item: 1, Attributes: protocol.Attributes{Modified: 6}}}
	if !slices.Equal(commit.Items, want) {
		t.Errorf("%+v", commit.Items)
	}
}

// TestAFileOfWhichOnlyTheNameIsKnownIsFetchedByItself: nobody has published it.
func TestAFileOfWhichOnlyTheNameIsKnownIsFetchedByItself(t *testing.T) {
	s := gathers(t, client.Offer{Name: "a", Identity: client.Identity{Size: 10}, Holders: ats(1)})
	s.Tell(roles.Started{}, "Fetching", "inspect-store 0 a")
}

// TestOneContentUnderSeveralNamesComesOnce: it is asked for by its hash, and put under all of them.
func TestOneContentUnderSeveralNamesComesOnce(t *testing.T) {
	a, b := small("a", 1, 1), small("b", 1, 2)
	s := gathers(t, a, b)
	if names := s.Machine.(*client.Gather).Names(); fmt.Sprint(names) != "[[a b] [a] [b]]" {
		t.Fatal(names)
	}
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	s.Tell(roles.Opened{Link: 0}, "Pipelining", fmt.Sprintf("send 0 GET length=10 hash=%x", a.Hash[:1]), "hear 0")
	s.Hear(0, refusal(protocol.NotFound), "Pipelining", left(0, dials(8, 2))...)
	s.Tell(roles.Opened{Link: 8}, "Pipelining", fmt.Sprintf("send 8 GET length=10 hash=%x", a.Hash[:1]), "hear 8")
	closes(s, 0, "Pipelining")
	brings(s, 8, a, left(8, "commit-store 0")...)
	closes(s, 8, "Pipelining")
	s.Tell(placed([]int{0}), "Done", "report gathered")
	if got := fates(t, s); got != "a:fetched b:fetched " {
		t.Error(got)
	}
}

// TestOneHashWithTwoSizesIsTwoFiles: one of them is a lie, and whose it is shows when it is asked
// for.
func TestOneHashWithTwoSizesIsTwoFiles(t *testing.T) {
	b := small("b", 1, 2)
	lie := client.Offer{Name: "a", Identity: client.Identity{Hash: b.Hash, Size: 3}, Holders: ats(1)}
	if names := client.NewGather(client.GatherRequest{Wanted: []client.Offer{lie, b}}).Names(); fmt.Sprint(names) != "[[a] [b]]" {
		t.Fatal(names)
	}
}

// TestWhereAContentIsGoneEachNameIsFetchedForItself: what one of its names has now, the others need
// not have.
func TestWhereAContentIsGoneEachNameIsFetchedForItself(t *testing.T) {
	for _, size := range []uint64{10, 2 * group, 70 * group} {
		f := made(size, 1)
		offers := []client.Offer{offered("a", f, 1), offered("b", f, 1), offered("c", f, 1)}
		nodes := map[client.Node]*actor{at(1): {files: map[string]file{"a": made(10, 2), "b": made(3*group, 3)}}}
		p := newPlay(t, client.GatherRequest{Wanted: offers}, nodes)
		p.run()
		if got := p.outcomes(); got != "a:fetched b:fetched c:nobody " || p.inspected() != 1+3 {
			t.Errorf("%s, in %d fetches", got, p.inspected())
		}
		if r := p.results(); r["a"].Hash != made(10, 2).Hash || r["b"].Size != 3*group {
			t.Errorf("%+v", r)
		}
	}
}

func TestAReplacedFileIsFetchedUnderItsNameAlone(t *testing.T) {
	for _, size := range []uint64{10, 2 * group, 70 * group} {
		nodes := map[client.Node]*actor{at(1): {files: map[string]file{"a": made(20, 2)}}}
		p := newPlay(t, client.GatherRequest{Wanted: []client.Offer{offered("a", made(size, 1), 1)}}, nodes)
		p.run()
		if r := p.results()["a"]; r.Outcome != client.Fetched || r.Hash != made(20, 2).Hash {
			t.Errorf("%+v", r)
		}
	}
}

// TestAFetchThatOurDiskFailedIsNotBegunAnew: its store may still answer, and another Fetch would
// take that for its own.
func TestAFetchThatOurDiskFailedIsNotBegunAnew(t *testing.T) {
	f, other := made(2*group, 1), made(3*group, 2)
	nodes := map[client.Node]*actor{at(1): {files: map[string]file{"a": other}}, at(2): {files: map[string]file{"a": f}}}
	p := newPlay(t, client.GatherRequest{Wanted: []client.Offer{offered("a", f, 2)}}, nodes)
	p.disk.hangs = true
	p.run()
	if got := p.outcomes(); got != "a:disk " || len(p.commits) != 1 {
		t.Errorf("%s, %d commits", got, len(p.commits))
	}
}

// TestLargeFilesComeOneAtATimeAfterTheOthers, and of the others a few come at once.
func TestLargeFilesComeOneAtATimeAfterTheOthers(t *testing.T) {
	files := map[string]file{"large0": made(64*group, 90), "large1": made(63*group+1, 91)}
	offers := []client.Offer{offered("large0", files["large0"], 1), offered("large1", files["large1"], 1)}
	for i := range byte(6) {
		name := fmt.Sprintf("middle%d", i)
		files[name] = made(63*group-uint64(i), i+1)
		offers = append(offers, offered(name, files[name], 1))
	}
	p := newPlay(t, client.GatherRequest{Wanted: offers, Sources: 3}, map[client.Node]*actor{at(1): {files: files}})
	turn := 0
	p.choose = func(n int) int { turn++; return turn % n }
	p.run()
	var order []string
	busy, most := 0, 0
	for _, effect := range p.effects {
		switch e := effect.(type) {
		case roles.InspectStore:
			order = append(order, e.Name)
			busy++
			if most = max(most, busy); e.Item < 2 && busy > 1 {
				t.Errorf("%s is one of %d", e.Name, busy)
			}
		case roles.CommitStore: // its links may go on closing
			busy--
		}
	}
	if most != 4 || strings.Join(order[6:], " ") != "large0 large1" || len(p.results()) != 8 {
		t.Errorf("%d at once, %v", most, order)
	}
}

func TestNodesThatFailTooOftenAreGivenUp(t *testing.T) {
	var offers []client.Offer
	files := map[string]file{}
	for i := range byte(20) {
		name := fmt.Sprintf("f%02d", i)
		files[name] = made(2*group, i+1)
		offers = append(offers, offered(name, files[name], 1))
	}
	fine := made(2*group, 99)
	offers = append(offers, offered("z", fine, 2), client.Offer{Name: "zz"}) // zz: nobody has published it
	nodes := map[client.Node]*actor{at(1): {gone: true}, at(2): {files: map[string]file{"z": fine, "zz": made(10, 98)}}}
	p := newPlay(t, client.GatherRequest{Wanted: offers}, nodes)
	p.run()
	given := 0
	for name, r := range p.results() {
		switch {
		case r.Outcome == client.GivenUp:
			given++
		case name[0] == 'z' && r.Outcome != client.Fetched, name[0] == 'f' && r.Outcome != client.Unsure:
			t.Errorf("%s: %+v", name, r)
		}
	}
	if given != 20-8-4 { // four were under way, or their links were closing
		t.Errorf("%d were given up", given)
	}
}

// TestOnlyFailuresOfNodesCount: to say that one does not have a file is none, and a file that
// nobody has published is no node's.
func TestOnlyFailuresOfNodesCount(t *testing.T) {
	var gone, unpublished []client.Offer
	for i := range byte(20) {
		gone = append(gone, offered(fmt.Sprintf("f%02d", i), made(2*group, i+1), 1))
		unpublished = append(unpublished, client.Offer{Name: gone[i].Name})
	}
	p := newPlay(t, client.GatherRequest{Wanted: gone}, map[client.Node]*actor{at(1): {}})
	p.run()
	if got := p.outcomes(); strings.Count(got, "nobody") != 20 {
		t.Error(got)
	}
	p = newPlay(t, client.GatherRequest{Wanted: unpublished}, nil)
	p.mute = true
	p.run()
	if got := p.outcomes(); strings.Count(got, "norelay") != 20 {
		t.Error(got)
	}
}

// TestAFailureOfOurDiskIsNoFailureOfItsNodes, however often it fails.
func TestAFailureOfOurDiskIsNoFailureOfItsNodes(t *testing.T) {
	var offers []client.Offer
	files := map[string]file{}
	disk := disk{receive: map[int]bool{}}
	for i := range byte(20) {
		name := fmt.Sprintf("f%02d", i)
		files[name], disk.receive[int(i)] = made(2*group, i+1), true
		offers = append(offers, offered(name, files[name], 1))
	}
	p := newPlay(t, client.GatherRequest{Wanted: offers}, map[client.Node]*actor{at(1): {files: files}})
	p.disk = disk
	p.run()
	if got := p.outcomes(); strings.Count(got, "disk") != 20 {
		t.Error(got)
	}
}

// TestTheNamesOfAContentAreGivenUpWithItsNodes: there may be very many of them.
func TestTheNamesOfAContentAreGivenUpWithItsNodes(t *testing.T) {
	var offers []client.Offer
	for i := range 30 {
		offers = append(offers, offered(fmt.Sprintf("f%02d", i), made(10, 1), 1))
	}
	p := newPlay(t, client.GatherRequest{Wanted: offers}, map[client.Node]*actor{at(1): {gone: true}})
	p.run()
	if got := p.outcomes(); strings.Count(got, "givenup") != 30-8-3 {
		t.Error(got)
	}
}

// committingBoth returns a story with two commits under way: that of b, and a second later that of a.
func committingBoth(t *testing.T) *rolestest.Story {
	t.Helper()
	a, b := small("a", 1, 1), small("b", 2, 2)
	s := gathers(t, a, b)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1), dials(1, 2))
	pulls(s, 0, a)
	pulls(s, 1, b)
	brings(s, 1, b, left(1, "commit-store 1")...)
	closes(s, 1, "Pipelining")
	s.At.Now += time.Second
	brings(s, 0, a, left(0, "commit-store 0")...)
	closes(s, 0, "Pipelining")
	return s
}

// TestTheCommitThatIsDueFirstIsGivenUpFirst, whatever link it is of.
func TestTheCommitThatIsDueFirstIsGivenUpFirst(t *testing.T) {
	s := committingBoth(t)
	s.Ring("Pipelining", "report gathered")
	if s.At.Now != roles.CommitTimeout {
		t.Errorf("given up after %v", s.At.Now)
	}
	s.Ring("Done", "report gathered")
	if s.At.Now != roles.CommitTimeout+time.Second {
		t.Errorf("given up after %v", s.At.Now)
	}
	if got := fates(t, s); got != "a:disk b:disk " {
		t.Error(got)
	}
}

// TestACommitIsAnsweredForItsOwnFiles, whichever is answered first.
func TestACommitIsAnsweredForItsOwnFiles(t *testing.T) {
	s := committingBoth(t)
	s.Tell(placed([]int{0}), "Pipelining", "report gathered")
	s.Ring("Done", "report gathered")
	if got := fates(t, s); got != "a:fetched b:disk " || s.At.Now != roles.CommitTimeout {
		t.Errorf("%s at %v", got, s.At.Now)
	}
	s = committingBoth(t)
	s.Tell(placed([]int{1}), "Pipelining", "report gathered")
	s.Ring("Done", "report gathered")
	if got := fates(t, s); got != "a:disk b:fetched " || s.At.Now != roles.CommitTimeout+time.Second {
		t.Errorf("%s at %v", got, s.At.Now)
	}
}

// TestASuccessClearsANodesName: only failures in a row count.
func TestASuccessClearsANodesName(t *testing.T) {
	var offers []client.Offer
	files := map[string]file{}
	for i := range byte(24) {
		name := fmt.Sprintf("f%02d", i)
		f := made(2*group, i+1)
		if offers = append(offers, offered(name, f, 1)); i%6 == 5 {
			files[name] = f
		}
	}
	p := newPlay(t, client.GatherRequest{Wanted: offers}, map[client.Node]*actor{at(1): {files: files}, at(2): {silent: true}})
	p.run()
	if got := p.outcomes(); strings.Contains(got, "givenup") || strings.Count(got, "fetched") != 4 {
		t.Error(got)
	}
}

// TestOnlySoManyLinksAreOpenAtOnce: MaxPipelines, whatever nodes there are.
func TestOnlySoManyLinksAreOpenAtOnce(t *testing.T) {
	var offers []client.Offer
	for i, one := range many(2000) {
		one.Holders = ats(byte(i%7+1), byte(i%5+10))
		offers = append(offers, one)
	}
	p := newPlay(t, client.GatherRequest{Wanted: offers}, holding(offers))
	turn := 0
	p.choose = func(n int) int { turn++; return turn % n }
	p.run()
	if p.most.pipelines != roles.MaxPipelines || p.most.links != roles.MaxPipelines {
		t.Errorf("%d pipelines, %d links", p.most.pipelines, p.most.links)
	}
	for node, dialled := range p.nodes {
		if dialled.dialled == 0 {
			t.Errorf("%v was not asked", node)
		}
	}
}

func TestAGatherOfNothingIsDone(t *testing.T) {
	s := gathers(t)
	s.Tell(roles.Started{}, "Done")
}

// TestWhatAGatherIsToldTooLateChangesNothing: of links, items and timers that are not in use.
func TestWhatAGatherIsToldTooLateChangesNothing(t *testing.T) {
	s := gathers(t, small("a", 1, 1))
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	for _, in := range []roles.Input{
		roles.StoreReady{Item: 0}, roles.StoreChecking{Item: 0}, roles.StoreInspected{Item: 0}, roles.StoreFailed{Item: 7}, placed(nil), placed([]int{0}),
		roles.TimerFired{Timer: 0, Number: 0}, roles.TimerFired{Timer: 1, Number: 0}, roles.TimerFired{Timer: 2, Number: 1}, roles.TimerFired{Timer: 9, Number: 1},
		roles.TimerFired{Timer: 999, Number: 1}, roles.Notified{},
	} {
		s.Tell(in, "Pipelining")
	}
	s.Waits(roles.DialTimeout)
	if s.At.Now > time.Second {
		t.Error("time has passed")
	}
}

// TestAContentWithSeveralNamesThatNobodyDelivers: asked by name, a node says that the content has
// changed there; asked by hash, it can only say that it does not have it.
func TestAContentWithSeveralNamesThatNobodyDelivers(t *testing.T) {
	f := made(10, 1)
	nodes := map[client.Node]*actor{
		at(1): {files: map[string]file{"a": made(20, 2), "b": made(20, 3)}},
		at(2): {files: map[string]file{"b": f}, lies: true},
	}
	p := newPlay(t, client.GatherRequest{Wanted: []client.Offer{offered("a", f, 2), offered("b", f, 2), offered("c", f, 2)}}, nodes)
	p.run()
	if got := p.outcomes(); got != "a:fetched b:fetched c:nobody " || p.inspected() != 1+3*2 { // each with its hash at first
		t.Errorf("%s, in %d fetches", got, p.inspected())
	}

	p = newPlay(t, client.GatherRequest{Wanted: []client.Offer{offered("a", f, 2), offered("b", f, 2)}}, nodes)
	p.mute = true
	p.run()
	if got := p.outcomes(); got != "a:norelay b:norelay " || p.inspected() != 1 {
		t.Errorf("%s, in %d fetches", got, p.inspected())
	}
}
