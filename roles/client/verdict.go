package client

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
)

// exhausted evaluates the visits when no node is left to ask.
func (f *Fetch) exhausted() {
	f.result.Outcome = verdict(f.result.Tried, !f.request.Hash.IsZero(), f.result.Unasked.some(), f.young > 0)
	if f.result.Outcome == TooEarly {
		f.result.Young = f.young
	}
	if f.mute.Code != 0 {
		f.result.Outcome, f.result.Code, f.result.By, f.result.Text = NoRelay, f.mute.Code, f.mute.By, f.mute.Text
	}
	if f.result.Outcome == NobodyHad {
		f.core.Fire(fetchNobodyHasIt)
	} else {
		f.core.Fire(fetchGiveUp)
	}
}

// verdict returns what it means that none of these nodes delivered: hashed says that they were asked for a certain
// content, unasked that there are others, young that the relay may lack some. What a node said last
// counts; where that is busy the file may be had later, whoever else failed with it.
func verdict(all []Tried, hashed, unasked, young bool) Outcome {
	busy, had, unsure, judged, reached := false, false, unasked, map[Node]bool{}, map[protocol.PeerID]bool{}
	answers := map[protocol.PeerID]bool{} // through the relay
	for _, tried := range all {
		reached[tried.Node.ID] = reached[tried.Node.ID] || !tried.missed()
		answers[tried.Node.ID] = answers[tried.Node.ID] || tried.Node.Relayed() && tried.By == protocol.Node
	}
	for _, tried := range slices.Backward(all) {
		had = had || tried.Had
		switch {
		case tried.missed() && !tried.Node.ID.IsZero() && reached[tried.Node.ID]: // it has moved, and was asked elsewhere
			continue
		case tried.Code == protocol.Timeout && !tried.Had && !tried.Node.Relayed() && answers[tried.Node.ID]: // nothing comes over its address, and it was asked through the relay
			continue
		case judged[tried.Node.one()] || tried.Code == protocol.NotFound || tried.Code == protocol.Changed && hashed:
		case tried.Code == protocol.Busy:
			busy = true
		case tried.Code == protocol.Indexing:
			young = true
		default:
			unsure = true
		}
		judged[tried.Node.one()] = true
	}
	switch {
	case busy:
		return Unsure
	case had:
		return Undelivered
	case young:
		return TooEarly
	case unsure:
		return Unsure
	}
	return NobodyHad
}
