package peer

import (
	"cmp"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport"
)

// Overview returns how the node is now. It may be called at any time, before Run and after it as well, from
// any goroutine.
func (n *Node) Overview() NodeOverview {
	o := n.standing.overview()
	o.Relay, o.RelayID = n.Relay, n.relay.current()
	o.Circuits.Wanted = !n.NoCircuits
	o.Reach = n.reach(&o)
	n.limits(&o.Limits)
	if described, can := n.Share.(transport.Described); can {
		o.Described, o.Share = true, described.Progress()
	}
	return o
}

// overview returns what the standing tells.
func (s *standing) overview() (o NodeOverview) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.ID, o.Started, o.Ended, o.Listen = s.id, s.started, s.ended, s.listen
	if s.listed != nil {
		listed := *s.listed
		listed.Renew = s.next
		o.Listed = &listed
		o.Circuits.Offered = listed.Relayed()
	} else {
		unlisted := s.unlisted
		unlisted.Next = s.next
		if unlisted.Text == "" {
			unlisted.Text = s.noAnswer().Error()
		}
		o.Unlisted = &unlisted
	}
	o.Circuits.Proves, o.Circuits.Awaiting, o.Circuits.Since, o.Circuits.Came = s.proves, s.awaiting, s.turned, s.came
	if s.catalog != nil {
		o.Published = NodePublished{
			Publishes: true, Names: s.catalog.Len(), Known: s.catalog.Known(), ToCome: s.catalog.Lacks(s.told), Refused: s.refused, Why: s.unheard,
		}
	}
	return o
}

// noAnswer returns why a node is not listed of which no exchange has failed.
func (s *standing) noAnswer() error {
	if s.started.IsZero() {
		return errNotRun
	}
	return errNoAnswer
}

// reach returns whether clients can reach the node.
func (n *Node) reach(o *NodeOverview) NodeReach {
	if o.Listed == nil {
		grade := GradeBad
		if o.Unlisted.Tried.IsZero() {
			grade = GradePending
		}
		return NodeReach{Grade: grade, Text: "not listed, so nobody is sent here: " + o.Unlisted.Text}
	}
	found := reachability{at: o.Listed.Place, listen: o.Listen, circuits: o.Circuits.Wanted, proves: o.Circuits.Proves}.find().NodeReach
	if o.Circuits.Wanted && o.Circuits.Offered && o.Listed.Nowhere() && !o.Circuits.Awaiting {
		found.Grade, found.Text = GradePending, found.Text+", but "+noneComes
	}
	return found
}

// limits adds what the node may do, and does of it.
func (n *Node) limits(l *NodeLimits) {
	l.MaxLinks = n.maxLinks()
	l.MaxFrom, l.MaxRate, l.MaxEach = linksFrom(n.MaxFrom, l.MaxLinks), n.Terms.Rate, n.Terms.Each
	table, turns := n.standing.served()
	if table == nil && n.Terms.Check() != nil {
		return
	}
	if table == nil {
		bounds := n.Terms.Turns()
		l.MaxUploads, l.MaxUploadsFrom = cmp.Or(bounds.Most, roles.MaxUploads), bounds.MostFrom
		return
	}
	l.MaxUploads, l.MaxUploadsFrom = turns.Most, turns.MostFrom
	l.Uploads, _, l.Waiting = turns.Taken()
	l.Links, l.Requests = table.links(), table.requests.Load()
	l.Sent, l.Rate = table.traffic()
}

// served returns what the server's links are followed by; nil: there has been none yet.
func (s *standing) served() (*uploads, *node.Turns) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uploads, s.turns
}

// Uploads returns the uploads that are under way, those that have run for longest first, and of many
// MaxUploadsTold. It may be called as Overview may.
func (n *Node) Uploads() []UploadNow {
	if table, _ := n.standing.served(); table != nil {
		return table.now()
	}
	return nil
}

// RecentUploads returns the uploads that ended last, the last one first: MaxUploadsRecent at most. It may be
// called as Overview may.
func (n *Node) RecentUploads() []UploadEnded {
	if table, _ := n.standing.served(); table != nil {
		return table.lately()
	}
	return nil
}

// Unshared returns how many paths below what the node shares are not shared, and some of them: see
// [transport.Described]. Is is false if the share cannot say.
func (n *Node) Unshared(most int) (all int, some []transport.Unshared, is bool) {
	described, can := n.Share.(transport.Described)
	if !can {
		return 0, nil, false
	}
	all, some = described.Unshared(most)
	return all, some, true
}
