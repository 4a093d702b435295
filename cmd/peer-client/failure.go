package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// resultFailure returns the failure that a result is to the user, or nil.
func resultFailure(relay askedRelay, request peer.Request, r client.Result) error {
	name := wantedName(request)
	asked := lastTries(r.Tried)
	switch r.Outcome {
	case client.Fetched:
		return nil
	case client.NobodyHad:
		if request.Hash.IsZero() && protocol.IsPattern(request.Name) {
			return unmatched(request.Name)
		}
		if len(asked) == 0 {
			return failure(cli.ExitNobodyHas, "no node has %s", name)
		}
		return failure(cli.ExitNobodyHas, "no node has %s: %s asked", name, cli.Count(len(asked), "node was", "nodes were"))
	case client.TooEarly:
		return tooEarly(name, peer.AwaitedOf(r))
	case client.Unsure:
		if stayedBusy(asked) {
			return failure(cli.ExitFailure, "%s could not be fetched for now, as nodes stayed busy: %s", name, unasked(r.Unasked, asked))
		}
		return failure(cli.ExitFailure, "%s was not found, but not every node could be asked: %s", name, unasked(r.Unasked, asked))
	case client.Undelivered:
		return failure(cli.ExitUndelivered, "%s is there, but no node could deliver it whole and verified: %s", name, obstacles(asked))
	case client.NoRelay:
		return relayFailure(relay, r.Code, r.By, r.Text)
	case client.BadlyNamed:
		return cli.Usage("%s: %s", name, cli.ForDisplay(r.Text))
	case client.GivenUp:
		return failure(cli.ExitFailure, "given up: %s", r.Text)
	case client.DiskFailed:
		return diskFailure(r.Cause, r.Text)
	}
	return interrupted()
}

// stayedBusy reports whether a node was busy to the end.
func stayedBusy(asked []client.Tried) bool {
	return slices.ContainsFunc(asked, func(t client.Tried) bool { return t.Code == protocol.Busy })
}

func failure(code int, format string, args ...any) error {
	return &cli.Failure{Code: code, Text: fmt.Sprintf(format, args...)}
}

func interrupted() error { return failure(cli.ExitInterrupted, "interrupted") }

func noNode() error { return failure(cli.ExitNobodyHas, "no node is registered at the relay") }

// wantedName returns a request as people read it.
func wantedName(r peer.Request) string {
	switch {
	case r.Name == "":
		return "content " + r.Hash.String()
	case !r.Hash.IsZero():
		return fmt.Sprintf("%q with content %s", cli.ForDisplay(r.Name), r.Hash)
	}
	return fmt.Sprintf("%q", cli.ForDisplay(r.Name))
}

// diskFailure says that our own disk failed. A reader of the output that has had enough is not worth
// a word.
func diskFailure(err error, text string) error {
	if errors.Is(err, syscall.EPIPE) {
		text = ""
	}
	return &cli.Failure{Code: cli.ExitFailure, Text: text}
}

// noRelayButNode is what a refusal by a node means if it is taken for a relay.
const noRelayButNode = "this is no relay; is it a peer node?"

// askedRelay is the relay that was asked, and what it has to prove.
type askedRelay struct {
	name    string
	secured *cli.Secured
}

func (c *command) relay() askedRelay { return askedRelay{c.client.Relay, &c.secured} }

func relayFailure(relay askedRelay, code protocol.Code, by protocol.Party, text string) error {
	if by == protocol.Node {
		return failure(cli.ExitNoRelay, "the relay %s could not be asked: %s (the %s: %s)", relay.name, noRelayButNode, by, code)
	}
	what := fmt.Sprintf("the relay %s could not be asked: %s (the %s: %s)", relay.name, code, by, protocol.Printable(text, len(text)))
	if hint := relay.secured.Hint(code, relay.name); hint != "" {
		what += "; " + hint
	}
	return failure(cli.ExitNoRelay, "%s", what)
}

// queryFailure returns the failure that an error of List, Who or Resolve is to the user.
func queryFailure(relay askedRelay, err error) error {
	var why *peer.Error
	switch is := errors.As(err, &why); {
	case errors.Is(err, peer.ErrInterrupted):
		return interrupted()
	case !is:
		return err
	case errors.Is(err, peer.ErrNoRelay):
		return relayFailure(relay, why.Code, why.By, why.Text)
	case errors.Is(err, peer.ErrTooEarly):
		return failure(cli.ExitTooEarly, "nothing was found so far, which may change: nodes are still publishing, or the relay was restarted")
	}
	return failure(cli.ExitCode(err), "%s", why.Text)
}

// argumentFailure returns the failure that an argument is to the user.
func argumentFailure(relay askedRelay, is peer.Resolution) error {
	switch {
	case errors.Is(is.Err, peer.ErrNotFound):
		return unmatched(is.Arg)
	case errors.Is(is.Err, peer.ErrTooEarly):
		return failure(cli.ExitTooEarly, "no published name matches %q so far: %s", cli.ForDisplay(is.Arg), reasonsToWait(is.Covers.Awaited()))
	}
	return queryFailure(relay, is.Err)
}

// unmatched says that arguments stand for nothing.
func unmatched(args ...string) error {
	var quoted []string
	for _, arg := range args {
		quoted = append(quoted, fmt.Sprintf("%q", cli.ForDisplay(arg)))
	}
	hint := ""
	if len(args) == 1 && strings.Contains(args[0], `\`) && !strings.ContainsAny(args[0], "*?[") {
		hint = "; names have slashes, and a backslash takes the next character as it is"
	}
	return failure(cli.ExitNobodyHas, "no published name matches %s%s", cli.Few(quoted), hint)
}

// unasked says which nodes could not be asked, or did not answer.
func unasked(is client.Unasked, asked []client.Tried) string {
	var told []string
	if is.Withheld > 0 {
		told = append(told, withheldText(is.Withheld))
	}
	if n := is.Declined; n > 0 {
		told = append(told, nodes(n, "node", "nodes")+" can be reached through the relay alone, which --no-circuits rules out")
	}
	if is.LeftOut > 0 {
		told = append(told, cli.Count(int(is.LeftOut), "entry", "entries")+" of the relay's answer could not be used")
	}
	if is.Endless {
		told = append(told, "the relay names more nodes than are asked")
	}
	answered := !slices.ContainsFunc(asked, func(t client.Tried) bool { return t.Code != 0 && t.Code != protocol.NotFound })
	if len(told) == 0 || !answered {
		told = append([]string{obstacles(asked)}, told...)
	}
	return strings.Join(told, "; ")
}

// withheldText says of how many nodes the relay says that they cannot be reached from here.
func withheldText(n uint64) string {
	return "the relay knows " + nodes(n, "node", "nodes") + " that cannot be reached from here"
}

// lastTries returns the last try of each node, in the order of the first ones.
func lastTries(tried []client.Tried) (last []client.Tried) {
	at := map[client.Node]int{}
	for _, t := range tried {
		node := t.Node
		if !node.ID.IsZero() { // at whatever address, or through the relay
			node = client.Node{ID: node.ID}
		}
		if i, again := at[node]; again {
			last[i] = t
			continue
		}
		at[node] = len(last)
		last = append(last, t)
	}
	return last
}

// obstacle says of a node why it did not do what was asked of it. One that the relay leads to for
// this file and that is not there any more is the likely reason for everything.
func obstacle(t client.Tried) string {
	switch t.Code {
	case protocol.Refused, protocol.Unreachable, protocol.Timeout:
		if t.Published && !t.Had {
			return fmt.Sprintf("%s, which has it as the relay says, does not answer (%s)", t.Node, t.Code)
		}
	}
	if t.Node.Relayed() && t.Code == protocol.Unreachable {
		return fmt.Sprintf("%s %s (it does not wait at the relay just now, and may again within a minute)", t.Node, t.Code)
	}
	if t.By == protocol.Relay && t.Text != "" {
		return fmt.Sprintf("%s %s (the relay: %s)", t.Node, t.Code, cli.ForDisplay(t.Text))
	}
	return fmt.Sprintf("%s %s", t.Node, t.Code)
}

// obstacles lists some of the nodes that did not do what was asked of them.
func obstacles(tried []client.Tried) string {
	const most = 5
	var told []string
	more := 0
	for _, t := range tried {
		switch {
		case t.Code == protocol.NotFound || t.Code == 0:
		case len(told) == most:
			more++
		default:
			told = append(told, obstacle(t))
		}
	}
	if more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	if len(told) == 0 {
		return "of " + cli.Count(len(tried), "node", "nodes") + " asked none had the rest"
	}
	return fmt.Sprintf("of %s asked, %s", cli.Count(len(tried), "node", "nodes"), strings.Join(told, ", "))
}
