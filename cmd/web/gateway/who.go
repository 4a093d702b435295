package gateway

import (
	"cmp"
	"net/http"
	"path"
	"slices"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

const (
	whoPage      = 200 // nodes on one page
	mostVariants = 100 // contents of one name that are shown
	mostHolders  = 100_000
)

// who is the body of the page about one name.
type who struct {
	base
	pager
	Name         string
	Variants     []variant
	MoreVariants bool // there are more of these
	Nodes        []holder
	May          int // nodes that may have it besides
	Withheld     uint64
}

// variant is one content of a name.
type variant struct {
	Hash  string
	Size  uint64
	Nodes int
}

// holder is a node and what it has.
type holder struct {
	Address string
	ID      string // "": it proves none
	Relayed bool   // it is reached through the relay
	Hash    string // "": it may have the file
	Size    uint64
}

// serveWho writes which nodes have a file, as the relay says it.
func (g *Gateway) serveWho(w http.ResponseWriter, r *http.Request, of string) {
	name, folder, err := parseName(of)
	if err == nil && folder {
		err = &peer.Error{Kind: peer.ErrBadName, Text: "this page is about one file, and a folder is none"}
	}
	if err != nil {
		g.fail(w, r, err)
		return
	}
	if !g.asking.try() {
		g.fail(w, r, errBusy)
		return
	}
	defer g.asking.leave()
	holders, err := g.client.Holders(r.Context(), peer.Request{Name: name})
	if err != nil {
		g.fail(w, r, err)
		return
	}
	defer holders.Close()
	body, err := whoOf(r, name, holders)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	if body.Entries == 0 {
		g.fail(w, r, nobody(holders.Covers))
		return
	}
	g.write(w, r, http.StatusOK, web.Page{
		Title: "Who has " + path.Base(body.Name), Here: web.Path(r, "files/"), Crumbs: crumbs(r, folderOf(body.Name), path.Base(body.Name)),
		Template: "who", Body: body,
	})
}

// nobody returns the error that no node has a file, as far as the relay knows.
func nobody(covers peer.Coverage) error {
	if err := covers.Err(); err != nil {
		return err
	}
	err := &peer.Error{Kind: peer.ErrNotFound}
	if n := covers.Withheld; n > 0 {
		err.Text = "the relay knows " + cli.Count(int(n), "node", "nodes") + " that cannot be reached from here"
	}
	return err
}

// whoOf returns what the page shows. Those that have one content come one after the other, and those that may have the
// file last.
func whoOf(r *http.Request, name string, holders *peer.Holders) (*who, error) {
	body := &who{Name: name, Withheld: holders.Covers.Withheld}
	body.Folder = folderOf(name)
	page := pageOf(r, mostHolders/whoPage)
	nodes := 0
	var last client.Identity
	for h, err := range holders.All() {
		if err != nil {
			return nil, err
		}
		if nodes++; nodes > (page-1)*whoPage && nodes <= page*whoPage {
			body.Nodes = append(body.Nodes, holderOf(h))
		}
		switch {
		case h.Hash.IsZero():
			body.May++
			continue
		case h.Identity != last:
			last = h.Identity
			if body.MoreVariants = len(body.Variants) == mostVariants; !body.MoreVariants {
				body.Variants = append(body.Variants, variant{Hash: h.Hash.String(), Size: h.Size})
			}
		}
		if !body.MoreVariants {
			body.Variants[len(body.Variants)-1].Nodes++
		}
	}
	slices.SortStableFunc(body.Variants, func(a, b variant) int { return cmp.Compare(b.Nodes, a.Nodes) })
	body.pager = paged(r, page, whoPage, nodes)
	return body, nil
}

func holderOf(h peer.Holder) holder {
	is := holder{Address: h.Node.AddrPort.String(), Relayed: h.Node.Relayed(), Size: h.Size}
	if h.Node.ID != (protocol.PeerID{}) {
		is.ID = h.Node.ID.String()
	}
	if !h.Hash.IsZero() {
		is.Hash = h.Hash.String()
	}
	return is
}
