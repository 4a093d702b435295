package program

import (
	"fmt"

	"github.com/relaypeer/relaypeer/roles/client"
)

// variantsOf says which other contents nodes had under the name, or nothing.
func variantsOf(r client.Result) string {
	if len(r.Variants) == 0 {
		return ""
	}
	nodes, hashes := 0, []string{}
	for _, v := range r.Variants {
		nodes += len(v.Nodes)
		hashes = append(hashes, v.Hash.String())
	}
	return fmt.Sprintf("%s %s other content under this name: %s; --hash picks one", count(nodes, "node", "nodes"),
		has(uint64(nodes)), few(hashes))
}
