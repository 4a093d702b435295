package roles

// LinkOf returns the link that an input is about; NoLink: it is about none.
func LinkOf(in Input) Link {
	switch in := in.(type) {
	case Opened:
		return in.Link
	case Heard:
		return in.Link
	case Malformed:
		return in.Link
	case PeerEnded:
		return in.Link
	case Lost:
		return in.Link
	case Moved:
		return in.Link
	case Verified:
		return in.Link
	case BodyWrong:
		return in.Link
	case BodyDone:
		return in.Link
	case BodySpoiled:
		return in.Link
	case Sent:
		return in.Link
	}
	return NoLink
}
