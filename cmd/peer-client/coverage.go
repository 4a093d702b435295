package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
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
	return failure(cli.ExitTooEarly, "there may be more: %s%s", reasonsToWait(covers.Awaited()), c.waitHint())
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

// reasonsToWait says what may change by itself.
func reasonsToWait(a peer.Awaited) string {
	var why []string
	for _, node := range a.Indexing[:min(len(a.Indexing), mostIndexing)] {
		why = append(why, node.String()+" is still hashing files")
	}
	if more := len(a.Indexing) - mostIndexing; more > 0 {
		why = append(why, fmt.Sprintf("so are %d others at least", more))
	}
	if a.Publishing > 0 {
		why = append(why, nodes(a.Publishing, "node is", "nodes are")+" still publishing")
	}
	if a.Young > 0 {
		why = append(why, youngText(a.Young))
	}
	return strings.Join(why, ", and ")
}

// mostIndexing is how many nodes are named that are still hashing files.
const mostIndexing = 3

func nodes(n uint64, one, many string) string { return cli.Count(int(min(n, 1<<31)), one, many) }

func youngText(left time.Duration) string {
	return fmt.Sprintf("the relay was restarted, and may lack nodes for another %d s", (left+time.Second-1)/time.Second)
}

// tooEarly says why a file may yet be found.
func tooEarly(name string, why peer.Awaited) error {
	if why.IsZero() {
		return failure(cli.ExitTooEarly, "%s was not found so far, which may change: nodes are still publishing", name)
	}
	return failure(cli.ExitTooEarly, "%s was not found so far, which may change: %s", name, reasonsToWait(why))
}

// waits tells what is waited for: programs before each try, people when it is something else, and now and then.
func (c *command) waits(why peer.Awaited) {
	c.client.Wait = why.Left // what one call has waited, the next does not wait
	text := reasonsToWait(why)
	if c.events != nil {
		c.events.waiting(why, text)
		return
	}
	if c.progress != nil && c.progress.showsBar() {
		c.progress.wait("waiting: %s", text)
		return
	}
	kind := why
	kind.Left, kind.Young = 0, min(kind.Young, 1)
	if is := fmt.Sprint(kind); is != c.waitedFor || time.Since(c.waitTold) >= lineEvery {
		c.waitedFor, c.waitTold = is, time.Now()
		c.note("waiting for at most %v: %s", why.Left.Round(time.Second), text)
	}
}

// waitHint says how to wait, unless that was asked for.
func (c *command) waitHint() string {
	if c.mayWait {
		return ""
	}
	return "; --wait waits for that"
}
