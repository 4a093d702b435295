package node_test

import (
	"os"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// FuzzUpload: whatever a client says, a node sends no byte that is not of the file it has opened, and ends
// the link in time.
func FuzzUpload(f *testing.F) {
	for _, stream := range rolestest.Vectors(f, os.DirFS("../../protocol/testdata/vectors")) {
		f.Add(stream, []byte{}, false)
	}
	var all []byte
	for _, m := range []protocol.Message{
		&protocol.Tree{Name: "a.txt"}, &protocol.Get{Name: "a.txt", Length: 5}, &protocol.Get{Name: "a.txt", Offset: 5, Length: 1 << 20},
		&protocol.Get{Hash: hash}, &protocol.Tree{Hash: hash, First: 3, Count: 9}, &protocol.Error{Code: protocol.BadHash, By: protocol.Client},
	} {
		all = protocol.Append(all, m)
	}
	f.Add(all, []byte{}, false)
	f.Add(all, []byte{0, 0, 0, 8, 0, 16, 0, 24}, false)
	f.Add(all, []byte{0, 0, 4, 0, 0, 4}, false)
	f.Add(all, []byte{0}, true)
	f.Fuzz(func(t *testing.T, stream, choices []byte, guarded bool) {
		upload := node.NewUpload()
		if guarded {
			upload = node.NewGuardedUpload(func(protocol.PeerID) bool { return false })
		}
		attackUpload(t, upload, roles.Opened{Peer: visitor}, stream, choices, guarded)
		upload.Reset()
		attackUpload(t, upload, invitation(false), append(protocol.Append(nil, &protocol.Joined{}), stream...), choices, guarded)
	})
}

// attackUpload attacks a node on an accepted link, or through a circuit.
func attackUpload(t *testing.T, upload *node.Upload, begin roles.Input, stream, choices []byte, guarded bool) {
	size := uint64(0) // of the file that is open
	a := &rolestest.Adversary{
		Stream: stream, Choices: choices, Begin: begin, Opens: roles.Opened{Peer: visitor}, OpenFile: opened,
		Effects: roles.MaxDoubted + 8, Quiet: 64, Memory: 2 << 20, Patience: 2*roles.IdleTimeout + roles.CloseTimeout + time.Second,
		Watch: func(in roles.Input, effects []roles.Effect) {
			if found, is := in.(roles.FileFound); is {
				size = found.Size
			}
			for _, e := range effects {
				checkUpload(t, e, size, guarded)
			}
		},
	}
	a.Attack(t, upload)
}

// opened returns what a disk may say of a file: of some sizes, or that it is being hashed, or not there.
func opened(e roles.OpenFile) (answers []roles.Input) {
	for _, size := range []uint64{10, 10 << 20, 1 << 50} {
		found := found(size)
		first, count := e.First, min(e.Count, protocol.Groups(size)-min(e.First, protocol.Groups(size)))
		found.Nodes = make([]byte, content.NodeSize*content.SliceNodes(protocol.Groups(size), first, count))
		answers = append(answers, found)
	}
	return append(answers, roles.FileHashing{Done: 5, Size: 10}, roles.FileRefused{Code: protocol.NotFound}, roles.FileRefused{Code: protocol.Internal})
}

func checkUpload(t *testing.T, e roles.Effect, size uint64, guarded bool) {
	switch e := e.(type) {
	case roles.OpenFile:
		if guarded {
			t.Fatal("a file is opened for one who is not allowed any")
		}
	case roles.SendBody:
		if e.Length > protocol.MaxRange || e.Offset > size || e.Length > size-e.Offset {
			t.Fatalf("%s of a file of %d bytes", rolestest.Describe(e), size)
		}
	}
}
