package peer

import "github.com/relaypeer/relaypeer/protocol"

// Cache keeps verified groups between opens and runs, by the hash of the content that they are of, so that all names of
// a content share them. Its methods are called from several goroutines at once.
type Cache interface {
	// Get returns a group, if it is there and is what was put. It may use the memory of the buffer, which has room for a
	// group.
	Get(hash protocol.Hash, group uint64, buffer []byte) ([]byte, bool)
	// Put offers a group with its chaining value. The data are valid during the call only. It returns soon: who reads
	// the file waits for it.
	Put(hash protocol.Hash, group uint64, value protocol.Hash, data []byte)
}
