package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// tellCoverage notes which names a list may lack, and returns the failure that it may soon be another
// list, or nil.
func (c *command) tellCoverage(covers peer.Coverage) error {
	if covers.Silent > 0 {
		c.note("%s", silentText(covers))
	}
	if covers.Err() == nil {
		return nil
	}
	return failure(cli.ExitTooEarly, "there may be more: %s%s", strings.Join(reasonsToWait(covers), ", and "), c.waitHint())
}

// silentText names the nodes that may have more than is listed.
func silentText(covers peer.Coverage) string {
	some := make([]string, len(covers.Some))
	for i, node := range covers.Some {
		some[i] = node.String()
	}
	if more := covers.Silent - min(covers.Silent, uint64(len(some))); more > 0 {
		some = append(some, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("%s may have files that are not published: %s", nodes(covers.Silent, "node", "nodes"), strings.Join(some, ", "))
}

// reasonsToWait says why a list may soon be another one.
func reasonsToWait(covers peer.Coverage) (why []string) {
	if covers.Publishing > 0 {
		why = append(why, nodes(covers.Publishing, "node is", "nodes are")+" still publishing")
	}
	if covers.Young > 0 {
		why = append(why, youngText(covers.Young))
	}
	return why
}

func nodes(n uint64, one, many string) string { return cli.Count(int(min(n, 1<<31)), one, many) }

func youngText(left time.Duration) string {
	return fmt.Sprintf("the relay was restarted, and may lack nodes for another %d s", (left+time.Second-1)/time.Second)
}

// tooEarly says why a file may yet be found.
func tooEarly(name string, r client.Result, asked []client.Tried) error {
	why := []string{}
	for _, t := range asked {
		if t.Code == protocol.Indexing {
			why = append(why, t.Node.String()+" is still hashing files")
		}
	}
	if r.Young > 0 {
		why = append(why, youngText(r.Young))
	}
	if len(why) == 0 {
		why = append(why, "nodes are still publishing")
	}
	return failure(cli.ExitTooEarly, "%s was not found so far, which may change: %s", name, cli.Few(why))
}

// waitHint says how to wait, unless that was asked for.
func (c *command) waitHint() string {
	if c.client.Wait > 0 {
		return ""
	}
	return "; --wait waits for them"
}
