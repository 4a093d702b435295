package main

import (
	"fmt"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/roles/client"
)

// mostVariantsLines is for how many of many names other contents are told.
const mostVariantsLines = 20

// noteVariantsOf says which other contents nodes have under the name of a fetch.
func (c *command) noteVariantsOf(name string, variants []client.Variant) {
	if len(variants) == 0 {
		return
	}
	if c.events == nil {
		c.note("%s", variantsLine(variants))
		return
	}
	told := variantsEvent{Event: "variants", Name: name}
	for _, v := range variants {
		told.Nodes += uint64(len(v.Nodes))
		told.Hashes = append(told.Hashes, v.Hash.String())
	}
	c.events.tell(told)
}

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
		if c.events != nil {
			c.tellVariants(v)
			continue
		}
		if i == mostVariantsLines {
			c.note("and %d more names have other contents as well", len(several)-i)
			return
		}
		c.note("%s", chosenLine(v))
	}
}

func (c *command) tellVariants(v client.Variants) {
	told := variantsEvent{Event: "variants", Name: v.Picked.Name}
	for _, other := range v.Others {
		told.Nodes += other.Count
		told.Hashes = append(told.Hashes, other.Hash.String())
	}
	c.events.tell(told)
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
