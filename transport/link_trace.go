package transport

// trace calls Loop.Trace with the link's addresses filled in.
func (k *link) trace(e Event) {
	if k.run.loop.Trace == nil {
		return
	}
	e.Link, e.Local, e.Peer = k.id, k.local, k.peer
	k.run.loop.Trace(e)
}

// pass tells Loop.Passed of bytes of a body, unless they are told of as a part of the whole body.
func (k *link) pass(what What, bytes int64) {
	if what == "" || bytes <= 0 || k.run.loop.Passed == nil {
		return
	}
	k.passed += bytes
	k.run.loop.Passed(Event{Link: k.id, Local: k.local, Peer: k.peer, What: what, Bytes: bytes})
}
