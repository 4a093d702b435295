package cli

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/transport"
)

func TestLinksFitIntoTheOpenFiles(t *testing.T) {
	for _, test := range []struct {
		files uint64
		each  int
		least int
	}{{0, 1, 1}, {64, 1, 10}, {64, 2, 5}, {256, 1, 150}, {1024, 1, 780}, {1024, 2, 400}, {20_000, 1, 16_384}, {1 << 63, 2, 1 << 28}} {
		links := mostLinks(test.files, test.each, true)
		if links < test.least {
			t.Errorf("%d files: %d links of %d descriptors", test.files, links, test.each)
		}
		if used := links*test.each + transport.Farewells(links) + ownFiles; test.files >= 64 && uint64(used) > test.files {
			t.Errorf("%d files: %d are used by %d links", test.files, used, links)
		}
		over := mostLinks(test.files, test.each, false)
		if used := over*test.each + transport.Farewells(over) + transport.Unproven(over) + ownFiles; test.files >= 64 && uint64(used) > test.files || over > links {
			t.Errorf("%d files: %d are used by %d links over TLS", test.files, used, over)
		}
	}
}

func TestTheLogSaysThatThereAreFewerLinks(t *testing.T) {
	var out bytes.Buffer
	log := hclog.New(&hclog.LoggerOptions{Output: &out})
	bound := func(asked int) int {
		links, tell := BoundLinks(asked, 1, 0, true)
		tell(log)
		return links
	}
	if bound(1) != 1 || out.Len() > 0 {
		t.Error(out.String())
	}
	if files, known := transport.OpenFiles(); known && files < math.MaxInt32 {
		all, _ := BoundLinks(math.MaxInt32, 1, 0, true)
		if some, _ := BoundLinks(math.MaxInt32, 1, int(files/4), true); some > all-int(files/5) {
			t.Errorf("%d links beside a quarter of the files, and %d without them", some, all)
		}
		if links := bound(math.MaxInt32); links >= int(files) || !strings.Contains(out.String(), "max_links=") {
			t.Errorf("%d links: %s", links, out.String())
		}
	}
}
