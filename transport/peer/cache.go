package peer

import "github.com/relaypeer/relaypeer/protocol"

// Cache keeps verified groups between opens and runs, by the hash and the size of the content that they are of, so that all
// names of a content share them. A size is a node's claim until the last group of a content with that size has been verified:
// what came under one size does not answer for another one. Its methods are called from several goroutines at once.
type Cache interface {
	// Get returns a group, if it is there and is what was put. It may use the memory of the buffer, which has room for a
	// group.
	Get(hash protocol.Hash, size, group uint64, buffer []byte) ([]byte, bool)
	// Put offers a group with its chaining value. The data are valid during the call only. It returns soon: who reads
	// the file waits for it.
	Put(hash protocol.Hash, size, group uint64, value protocol.Hash, data []byte)
}
