package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// leastDigits is how many digits of a hash are taken for the whole, where a name is given.
const leastDigits = 4

// byHash returns the request that --hash and a name make together.
func (c *command) byHash(ctx context.Context) (peer.Request, error) {
	var r peer.Request
	if len(c.args) > 1 || len(c.args) == 1 && protocol.CheckName(c.args[0]) != nil {
		return r, cli.Usage("--hash is for one file")
	}
	if len(c.args) == 1 {
		r.Name = c.args[0]
	}
	beginning := strings.ToLower(c.hash)
	if hash, whole := protocol.ParseHash(beginning); whole {
		r.Hash = hash
		return r, nil
	}
	if beginning == (protocol.Hash{}).String() {
		return r, cli.Usage("--hash: nothing but zeros is the hash of no content")
	}
	if r.Name == "" || len(beginning) < leastDigits || len(beginning) >= 2*protocol.HashSize || strings.Trim(beginning, "0123456789abcdef") != "" {
		return r, cli.Usage("--hash: %d hex digits are a hash; where a name is given, the first %d or more will do", 2*protocol.HashSize, leastDigits)
	}
	var err error
	r.Hash, err = c.wholeHash(ctx, r.Name, beginning)
	return r, err
}

// wholeHash returns the hash of the content that is published under a name and whose hash begins so.
func (c *command) wholeHash(ctx context.Context, name, beginning string) (protocol.Hash, error) {
	var is peer.Resolution
	var found []protocol.Hash
	stopped := c.client.Await(ctx, func() peer.Awaited {
		is = c.client.Resolve(ctx, name)
		if found = beginSo(is, beginning); len(found) > 0 || is.Err != nil {
			return peer.Awaited{}
		}
		return is.Covers.Awaited()
	})
	switch is.Err = cmp.Or(stopped, is.Err); {
	case is.Err != nil:
		return protocol.Hash{}, queryFailure(c.relay(), is.Err)
	case len(found) == 0 && is.Covers.Err() != nil:
		return protocol.Hash{}, tooEarly(fmt.Sprintf("%q with a hash that begins with %s", cli.ForDisplay(name), beginning), is.Covers.Awaited())
	case len(found) == 0 && is.Others > 0:
		return protocol.Hash{}, failure(cli.ExitFailure, "no node has published %q with a hash that begins with %s, but %s may have it: ask them with the whole hash",
			cli.ForDisplay(name), beginning, cli.Count(is.Others, "node", "nodes"))
	case len(found) == 0:
		return protocol.Hash{}, &cli.Failure{Code: cli.ExitNobodyHas,
			Text: fmt.Sprintf("no node has published %q with a hash that begins with %s", cli.ForDisplay(name), beginning)}
	case len(found) == 1:
		return found[0], nil
	}
	return protocol.Hash{}, cli.Usage("--hash %s: %d contents of %q begin so", beginning, len(found), cli.ForDisplay(name))
}

// beginSo returns the hashes of the contents under a name that begin so.
func beginSo(is peer.Resolution, beginning string) (found []protocol.Hash) {
	for _, offer := range is.Offers {
		if !is.Folder && strings.HasPrefix(offer.Hash.String(), beginning) {
			found = append(found, offer.Hash)
		}
	}
	return found
}
