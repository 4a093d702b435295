package main

import (
	"fmt"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/roles/client"
)

// mostVariantsLines is for how many of many names other contents are told.
const mostVariantsLines = 20

// variantsLine says which other contents nodes have under the name of a fetch.
func variantsLine(variants []client.Variant) string {
	nodes, hashes := uint64(0), []string{}
	for _, v := range variants {
		nodes += uint64(len(v.Nodes))
		hashes = append(hashes, v.Hash.String())
	}
	return otherContent(nodes, "this name", hashes)
}

// noteVariants says which other contents nodes have under the names of a choice.
func (c *command) noteVariants(several []client.Variants) {
	for i, v := range several {
		if i == mostVariantsLines {
			c.note("and %d more names have other contents as well", len(several)-i)
			return
		}
		c.note("%s", chosenLine(v))
	}
}

func chosenLine(v client.Variants) string {
	nodes, hashes := uint64(0), []string{}
	for _, other := range v.Others {
		nodes += other.Count
		hashes = append(hashes, other.Hash.String())
	}
	return otherContent(nodes, fmt.Sprintf("the name %q", cli.ForDisplay(v.Picked.Name)), hashes)
}

func otherContent(nodes uint64, name string, hashes []string) string {
	have := "have"
	if nodes == 1 {
		have = "has"
	}
	return fmt.Sprintf("%s %s other content under %s: %s; --hash picks one", cli.Count(int(nodes), "node", "nodes"), have, name, cli.Few(hashes))
}
