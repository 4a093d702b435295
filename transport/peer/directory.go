package peer

import (
	"net/netip"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// loggedDirectory logs which nodes come and go, and what they publish.
type loggedDirectory struct {
	relay.Directory
	sampler
}

func (d *loggedDirectory) Register(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
	answer := d.Directory.Register(at, from, m)
	switch answer := answer.(type) {
	case *protocol.Registered:
		d.say(hclog.Info, "node listed", "at", netip.AddrPortFrom(answer.Host.Addr(), answer.Port), "from", from.Peer, "epoch", m.Epoch)
	case *protocol.Error:
		d.say(hclog.Warn, "node refused", "from", from.Peer, "code", answer.Code, "why", answer.Text)
	}
	return answer
}

func (d *loggedDirectory) Renew(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
	answer := d.Directory.Renew(at, from, m)
	if refusal, is := answer.(*protocol.Error); is {
		d.say(hclog.Info, "renewal refused", "epoch", m.Epoch, "code", refusal.Code)
	}
	return answer
}

func (d *loggedDirectory) Leave(at roles.Moment, m *protocol.Leave) protocol.Message {
	d.say(hclog.Info, "node left", "epoch", m.Epoch)
	return d.Directory.Leave(at, m)
}

func (d *loggedDirectory) Publish(at roles.Moment, m *protocol.Publish) protocol.Message {
	answer := d.Directory.Publish(at, m)
	if m.LeftOut > 0 {
		d.say(hclog.Warn, "index page has bad names", "left_out", m.LeftOut, "names", len(m.Changes), "epoch", m.Epoch)
	}
	switch answer := answer.(type) {
	case *protocol.Published:
		d.log.Debug("index page", "names", len(m.Changes), "up_to", m.To, "of", m.Latest)
	case *protocol.Error:
		if answer.Code == protocol.Resync { // nothing went wrong: the node begins from the start
			d.log.Debug("index page refused", "code", answer.Code)
		} else {
			d.say(hclog.Warn, "index refused", "epoch", m.Epoch, "code", answer.Code, "why", answer.Text)
		}
	}
	return answer
}

func (d *loggedDirectory) Proved(at roles.Moment, proof relay.Proof) protocol.Reached {
	is := d.Directory.Proved(at, proof)
	if is.Reach.Failed() && proof.Granted > 0 { // and not each time that it is found out again
		d.say(hclog.Info, "node cannot be reached there, and nobody is sent to that address", "at", proof.At, "epoch", proof.Epoch, "why", is.Reach)
	} else {
		d.log.Debug("address proven", "at", proof.At, "epoch", proof.Epoch, "reach", is.Reach)
	}
	return is
}
