package program

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// failure tells what a result means to the user, or returns nil for a file that is there.
func failure(relay string, wish client.Request, r client.Result) *Failure {
	name := fmt.Sprintf("%q", said(wish.Name))
	switch {
	case wish.Name == "":
		name = "content " + wish.Hash.String()
	case !wish.Hash.IsZero():
		name += " with content " + wish.Hash.String()
	}
	asked := lastVisits(r.Tried)
	switch r.Outcome {
	case client.Fetched:
		return nil
	case client.NobodyHad:
		if wish.Hash.IsZero() && protocol.IsPattern(wish.Name) {
			return unmatched(wish.Name)
		}
		if len(asked) == 0 {
			return &Failure{ExitNobodyHas, fmt.Sprintf("no node has %s", name)}
		}
		return &Failure{ExitNobodyHas, fmt.Sprintf("no node has %s: %s asked", name, count(len(asked), "node was", "nodes were"))}
	case client.Unsure:
		return &Failure{ExitFailure, fmt.Sprintf("%s was not found, but not every node could be asked: %s",
			name, setbacks(asked))}
	case client.Undelivered:
		return &Failure{ExitUndelivered, fmt.Sprintf("%s is there, but no node could deliver it whole and verified: %s",
			name, setbacks(asked))}
	case client.NoRelay:
		return &Failure{ExitNoRelay, noRelay(relay, r.Code, r.By, r.Text)}
	case client.BadlyNamed:
		return &Failure{ExitUsage, fmt.Sprintf("%s: %s", name, said(r.Text))}
	case client.Interrupted:
		return &Failure{ExitInterrupted, "interrupted"}
	case client.DiskFailed:
		if r.Cause != nil {
			return diskFailure(r.Cause)
		}
		return &Failure{ExitFailure, r.Text}
	default:
		return &Failure{ExitFailure, fmt.Sprintf("%s: %s", r.Code, r.Text)}
	}
}

// lastVisits returns of the visits to each node the last one, in the order of the first.
func lastVisits(tried []client.Tried) (last []client.Tried) {
	at := map[netip.AddrPort]int{}
	for _, t := range tried {
		if i, again := at[t.Node]; again {
			last[i] = t
			continue
		}
		at[t.Node] = len(last)
		last = append(last, t)
	}
	return last
}

// setbacks lists the nodes that had something in their way, a few of them.
func setbacks(tried []client.Tried) string {
	const most = 5
	var told []string
	more := 0
	for _, t := range tried {
		switch {
		case t.Code == protocol.NotFound || t.Code == 0:
		case len(told) == most:
			more++
		default:
			told = append(told, fmt.Sprintf("%s %s", t.Node, t.Code))
		}
	}
	if more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	if len(told) == 0 {
		return "of " + count(len(tried), "node", "nodes") + " asked none had the rest"
	}
	return fmt.Sprintf("of %s asked, %s", count(len(tried), "node", "nodes"), strings.Join(told, ", "))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
