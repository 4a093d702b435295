package node

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// meet goes to the relay where a client waits. One for whom there is no room is met, too: it hears so from us.
func (u *Upload) meet(in roles.Invited) {
	u.invited = in
	u.core.Fire(uploadInvited)
	u.core.Do(roles.Dial{Link: link, To: in.Relay, Plain: true})
}

// join makes the link to the relay our end of the circuit.
func (u *Upload) join() {
	u.core.Fire(uploadDialed)
	u.core.Do(roles.Send{Link: link, Message: &protocol.Join{Ticket: u.invited.Ticket}}, roles.Hear{Link: link})
}

// secure has the client prove who it is, as on an accepted link.
func (u *Upload) secure() {
	u.core.Fire(uploadJoined)
	u.core.Do(roles.Secure{Link: link, Accepts: true})
}

// refused takes an ERROR: the relay's to our JOIN, or the last word of a client.
func (u *Upload) refused(refusal *protocol.Error) {
	if u.core.Can(uploadNotJoined) {
		u.close(uploadNotJoined)
		return
	}
	u.accused(refusal)
}
