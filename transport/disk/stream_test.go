package disk_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk"
)

func TestAStreamPrintsVerifiedGroupsInOrder(t *testing.T) {
	x, y := newText(threeAndABit, 1), newText(threeAndABit, 2)
	var printed bytes.Buffer
	stream := disk.NewStream(&printed)
	y.open(t, stream)
	x.open(t, stream) // nothing has been printed
	x.mustBring(t, stream, 0, 1, 1, 0)
	if err := x.bring(stream, 3); err == nil {
		t.Error("a group was skipped")
	}
	if _, _, err := stream.Open(t.Context(), roles.OpenStore{Hash: y.hash, Size: threeAndABit}, nil); err == nil {
		t.Error("two contents in one stream")
	}
	if has, other := x.open(t, stream); has.Count() != 2 || other {
		t.Errorf("opened again it has %v", has)
	}
	x.mustBring(t, stream, 2, 3)
	if !bytes.Equal(printed.Bytes(), x.data) || stream.Printed() != threeAndABit {
		t.Errorf("%d bytes were printed, %d it says", printed.Len(), stream.Printed())
	}
}

func TestAStreamThatBreaksStaysBroken(t *testing.T) {
	x := newText(threeAndABit, 1)
	reader, writer := io.Pipe()
	reader.CloseWithError(errors.New("nobody reads"))
	stream := disk.NewStream(writer)
	x.open(t, stream)
	for range 2 {
		if err := x.bring(stream, 0); err == nil || err.Error() != "nobody reads" {
			t.Errorf("%v", err)
		}
	}
}

func TestATemporarySpoolHasNoName(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	spool, err := disk.Temporary()
	if err != nil {
		t.Fatal(err)
	}
	x, y := newText(threeAndABit, 1), newText(2*protocol.GroupSize, 2)
	x.open(t, spool)
	x.mustBring(t, spool, 0, 2)
	if has, other := x.open(t, spool); has.Count() != 2 || other {
		t.Errorf("opened again it has %v, other %v", has, other)
	}
	if has, other := y.open(t, spool); has.Count() != 0 || !other {
		t.Errorf("opened for another content it has %v, other %v", has, other)
	}
	y.mustBring(t, spool, 1, 0)
	leaves(t, os.TempDir())
	for range 2 {
		if got, err := io.ReadAll(spool.Reader()); !bytes.Equal(got, y.data) || err != nil {
			t.Errorf("read back %d bytes: %v", len(got), err)
		}
	}
	if err := spool.Discard(); err != nil {
		t.Fatal(err)
	}
}
