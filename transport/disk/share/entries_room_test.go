package share

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// A name in a share takes few bytes beyond itself, however many there are; of a name in a folder the
// folder's is kept once.
func TestANameTakesFewBytes(t *testing.T) {
	const folders, files, most = 100, 1000, 160
	before := disktest.Heap()
	x := newEntries()
	for n := range folders {
		d := &dir{name: fmt.Sprintf("a folder/and below it the one with the number %04d", n)}
		x.enroll(d)
		for m := range files {
			e := x.add(d, fmt.Sprintf("%s/photo-of-%05d.jpeg", d.name, m))
			e.hash = protocol.Hash{byte(m), byte(m >> 8), byte(n), 1}
			x.prepend(e)
		}
	}
	const base = len("photo-of-00000.jpeg")
	each := (disktest.Heap() - before) / (folders * files)
	if t.Logf("%d bytes", each-base); each-base > most {
		t.Errorf("a name takes %d bytes beyond the %d of its own", each-base, base)
	}
	runtime.KeepAlive(&x)
}
