package gateway

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// boasting is a share that publishes another size of each file than it has.
type boasting struct {
	*fsshare.Share
	size uint64
}

func (b boasting) Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error {
	return b.Share.Follow(ctx, func(e protocol.Entry) {
		if !e.Hash.IsZero() {
			e.Size = b.size
		}
		change(e)
	}, extent)
}

// What the list says of a size, one node has made up: an answer must not end where the content does not.
func TestAnAnswerIsAsLongAsItsContentWhateverTheListSays(t *testing.T) {
	whole := random(3 * group)
	for _, size := range []uint64{0, 1, group, group + 1, 3*group - 1, 3 * group, 3*group + 1, 1 << 40, protocol.MaxFile} {
		s := newSwarm(t)
		s.join(boasting{s.share(fstest.MapFS{"a": {Data: whole}}), size})
		web := s.serve()
		web.get("/files/") // the list is here
		for _, x := range []struct {
			fields []string
			code   int
			want   []byte // nil: it has several parts
		}{
			{nil, 200, whole}, {[]string{"If-None-Match", `"x"`}, 200, whole}, {[]string{"Range", "bytes=0-"}, 206, whole},
			{[]string{"Range", "bytes=-5"}, 206, whole[3*group-5:]}, {[]string{"Range", "bytes=0-0,7-"}, 206, nil},
		} {
			is := web.get("/files/a", x.fields...)
			switch {
			case is.err != nil || is.code != x.code || is.header.Get("Etag") != `"`+hashOf(whole)+`"`:
				t.Errorf("size %d, %q: %d, %v, %v", size, x.fields, is.code, is.err, is.header)
			case x.want == nil && !bytes.Contains(is.body, whole[7:]) || x.want != nil && !bytes.Equal(is.body, x.want):
				t.Errorf("size %d, %q: %d bytes of %d, %q", size, x.fields, len(is.body), len(x.want), is.header.Get("Content-Range"))
			}
		}
	}
}

// An answer with a part says which one; of no bytes there is no way to say it.
func TestARangeOfNoBytesOrOfAnotherUnitIsPassedOver(t *testing.T) {
	whole := random(group + 9)
	s := serve(t, fstest.MapFS{"a": {Data: whole}, "empty": {}})
	for _, x := range []struct{ path, asked string }{
		{"a", "lines=1-2"}, {"a", "lines=9-1"}, {"a", "bytes"}, {"a", "x=" + strings.Repeat("0-0,", mostRanges) + "1-1"}, {"a", "bytes=-0"}, {"a", "bytes=-000"}, {"a", "bytes=0-1, -0"},
		{"empty", "bytes=-1"}, {"empty", "bytes=0-"}, {"empty", "bytes=-0"}, {"empty", "bytes=5-9"}, {"empty", "bytes=0-0,-1"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			is := s.do(method, "/files/"+x.path, "Range", x.asked)
			want := whole
			if x.path == "empty" {
				want = nil
			}
			if is.code != http.StatusOK || is.header.Get("Content-Range") != "" || is.header.Get("Content-Length") != strconv.Itoa(len(want)) || method == http.MethodGet && !bytes.Equal(is.body, want) {
				t.Errorf("%s %s %s: %d, %d bytes, %v", method, x.path, x.asked, is.code, len(is.body), is.header)
			}
		}
	}
}

// Dates are what nodes say. With one that has not come yet, each content that follows would be older than what a browser has.
func TestADateThatHasNotComeIsNotSaid(t *testing.T) {
	for _, silent := range []bool{false, true} {
		s := newSwarm(t)
		s.joinAs(&peer.Node{Share: s.share(fstest.MapFS{"a": {Data: []byte("a"), ModTime: time.Now().Add(1000 * time.Hour)}}), NoPublish: silent})
		is := s.serve().get("/files/a", "If-Modified-Since", time.Now().UTC().Add(2000*time.Hour).Format(http.TimeFormat))
		if is.code != http.StatusOK || is.header.Get("Last-Modified") != "" {
			t.Errorf("%d, %v", is.code, is.header)
		}
	}
}

// A file that was kept open under its name alone may be of a content that is nowhere any more.
func TestAFileThatIsKeptOpenByItsNameGivesWayToTheContentThatIsThereNow(t *testing.T) {
	s := newSwarm(t)
	join := func(whole []byte) (leave func()) {
		return s.joinAs(&peer.Node{Share: s.share(fstest.MapFS{"a": {Data: whole}}), NoPublish: true})
	}
	then, now := random(12*group), random(9*group)
	leave := join(then)
	web := s.serve()
	if is := web.get("/files/a"); is.code != http.StatusOK || !bytes.Equal(is.body, then) {
		t.Fatalf("%d, %d bytes", is.code, len(is.body))
	}
	leave()
	join(now)
	if is := web.get("/files/a"); is.code != http.StatusOK || !bytes.Equal(is.body, now) || is.header.Get("Etag") != `"`+hashOf(now)+`"` {
		t.Errorf("%d, %d bytes of %d, %v", is.code, len(is.body), len(now), is.header)
	}
}

// A few nodes that lie make no folder small.
func TestTheSumOfSizesDoesNotOverflow(t *testing.T) {
	s := newSwarm(t)
	s.join(boasting{s.share(tree("a/1", "1", "a/2", "2", "a/3", "3", "a/4", "4", "a/.5", "5", "b/1", "6", "b/2", "7", "b/3", "8")), protocol.MaxFile})
	all, err := s.client.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		folder string
		hidden bool
		want   peer.Sum
	}{
		{"a", false, peer.Sum{Files: 4, Bytes: math.MaxUint64}}, {"a", true, peer.Sum{Files: 5, Bytes: math.MaxUint64}},
		{"", false, peer.Sum{Files: 7, Bytes: math.MaxUint64}}, {"b", false, peer.Sum{Files: 3, Bytes: 3 * protocol.MaxFile}}, {"c", true, peer.Sum{}},
	} {
		if is := all.Sum(x.folder, x.hidden); is != x.want {
			t.Errorf("%q: %+v", x.folder, is)
		}
	}
}
