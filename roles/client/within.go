package client

import (
	"slices"

	"github.com/relaypeer/relaypeer/roles"
)

// source returns the source that works on a link, or nil.
func (f *Fetch) source(link roles.Link) *Source {
	if at := int(ownerOf(link) - f.first - firstSource); at >= 0 && at < len(f.sources) && f.sources[at].working() {
		return f.sources[at]
	}
	return nil
}

// pass passes an input of a link on to the machine there.
func (f *Fetch) pass(at roles.Moment, link roles.Link, in roles.Input) {
	if s := f.source(link); s != nil {
		f.absorb(s.Step(at, in))
	} else if link == f.first+relayLink && f.query.working() {
		f.absorb(f.query.Step(at, in))
	}
}

// absorb takes the effects of a machine within for those of the fetch, and evaluates its reports.
func (f *Fetch) absorb(effects []roles.Effect) {
	for _, effect := range effects {
		if report, is := effect.(roles.Report); is {
			f.told(report.Outcome)
		} else {
			f.core.Do(effect)
		}
	}
}

func (f *Fetch) told(outcome roles.Outcome) {
	switch outcome := outcome.(type) {
	case Page:
		f.heard(outcome.Answer)
	case QueryResult:
		f.answered(outcome)
	case roles.Met:
		f.request.RelayID = outcome.ID
		f.core.Do(roles.Report{Outcome: outcome})
	case roles.Entered:
		f.request.Entry = roles.Entry{}
		f.core.Do(roles.Report{Outcome: outcome})
	case Relayed:
		f.lift(false)
		f.core.Do(roles.Report{Outcome: outcome})
	case Learned:
		f.learned(outcome)
	case Hashing:
		f.core.Do(roles.Report{Outcome: outcome})
	case Had:
		f.gave = true
		if outcome.Node.Relayed() {
			f.brought[outcome.Node] = f.now.Now
		}
		if len(f.result.From) == 0 {
			f.about = outcome.Attributes
		}
		if !slices.Contains(f.result.From, outcome.Node) {
			f.result.From = append(f.result.From, outcome.Node)
		}
		f.core.Fire(fetchGroupHad)
		f.core.Do(roles.Report{Outcome: outcome})
	case Visited:
		f.visited(outcome)
	}
}

// stopAll closes every link at once.
func (f *Fetch) stopAll(at roles.Moment) {
	if f.query.working() {
		f.hush(f.query.Step(at, roles.Stopped{}))
	}
	for _, s := range f.sources {
		if s.working() {
			f.hush(s.Step(at, roles.Stopped{}))
		}
	}
}

// hush absorbs the effects of a machine within whose reports do not matter any more.
func (f *Fetch) hush(effects []roles.Effect) {
	for _, effect := range effects {
		if _, is := effect.(roles.Report); !is {
			f.core.Do(effect)
		}
	}
}
