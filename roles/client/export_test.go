package client

import "github.com/relaypeer/relaypeer/roles"

// Dismiss leaves a node for others that wait, as the owner of a Source does where something is awaited of the node.
func Dismiss(s *Source, at roles.Moment) []roles.Effect {
	if s.awaited() {
		return s.dismiss(at)
	}
	return s.Step(at, roles.Updated{})
}
