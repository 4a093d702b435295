package status

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// The answers of a node's API.
type (
	nodeOverview struct {
		Time      time.Time     `json:"time" doc:"of the answer"`
		ID        string        `json:"id,omitempty" doc:"of the node"`
		Started   time.Time     `json:"started,omitzero" doc:"when the node started"`
		Ended     bool          `json:"ended" doc:"it has stopped"`
		Listen    string        `json:"listen,omitempty" doc:"host:port where it listens"`
		Relay     string        `json:"relay" doc:"host:port"`
		RelayID   string        `json:"relay_id,omitempty" doc:"of the relay, if it is known"`
		Listed    *nodeListing  `json:"listed,omitempty" doc:"the lease, if the relay lists the node"`
		Unlisted  *nodeUnlisted `json:"unlisted,omitempty" doc:"why it does not"`
		Reach     nodeReach     `json:"reach" doc:"whether clients can reach the node"`
		Circuits  nodeCircuits  `json:"circuits" doc:"whether clients can come through the relay"`
		Published nodePublished `json:"published" doc:"what the relay has been told"`
		Share     *shareState   `json:"share,omitempty" doc:"how far the share is, if it can say so"`
		Limits    nodeLimits    `json:"limits" doc:"bounds, and what is used of them"`
	}

	nodeListing struct {
		Addresses []reachedAddress `json:"addresses" doc:"where clients are sent"`
		Await     bool             `json:"await" doc:"clients come through the relay as long as the node waits for them there"`
		TTLMS     int64            `json:"ttl_ms" unit:"ms" doc:"how long the relay lists a silent node"`
		Since     time.Time        `json:"since,omitzero" doc:"when the node was listed, without a gap since"`
		Heard     time.Time        `json:"heard,omitzero" doc:"when the relay granted or renewed the lease last"`
		Until     time.Time        `json:"until,omitzero" doc:"when the lease ends unless it is renewed"`
		Renew     time.Time        `json:"renew,omitzero" doc:"when it is to be renewed; none: that is under way"`
	}

	nodeUnlisted struct {
		Code  string    `json:"code,omitempty" doc:"the wire's reason; none: the relay has not answered yet"`
		By    string    `json:"by,omitempty" doc:"the party that gave it"`
		Text  string    `json:"text,omitempty" doc:"the same for people"`
		Since time.Time `json:"since,omitzero" doc:"when it was listed no longer"`
		Tried time.Time `json:"tried,omitzero" doc:"when the last try ended"`
		Next  time.Time `json:"next,omitzero" doc:"when the next one begins; none: one is under way, or none follows"`
		Fails int       `json:"fails" doc:"tries in a row that have failed"`
	}

	nodeReach struct {
		Grade string `json:"grade" doc:"fine, pending, warn or bad"`
		Text  string `json:"text" doc:"what is so, for people"`
		Cure  string `json:"cure,omitempty" doc:"what to do about it"`
	}

	nodeCircuits struct {
		Wanted   bool      `json:"wanted" doc:"the owner has them"`
		Proves   bool      `json:"proves" doc:"links prove ids, which circuits need"`
		Offered  bool      `json:"offered" doc:"the relay makes them for the node"`
		Awaiting bool      `json:"awaiting" doc:"clients can come now"`
		Since    time.Time `json:"since,omitzero" doc:"when awaiting changed"`
		Came     uint64    `json:"came" doc:"clients that have come"`
	}

	nodePublished struct {
		Publishes bool   `json:"publishes" doc:"the relay is told what is shared"`
		Names     int    `json:"names" doc:"all that is to be told"`
		Known     bool   `json:"known" doc:"all that is shared is among the names"`
		ToCome    int    `json:"to_come" doc:"changes that the relay does not have yet"`
		Refused   int    `json:"refused" doc:"changes that the relay does not keep"`
		Why       string `json:"why,omitempty" doc:"why the relay has not taken the last ones, for people"`
	}

	shareState struct {
		Files      int        `json:"files" doc:"names that are shared"`
		Known      int        `json:"known" doc:"of these, those that are hashed"`
		Bytes      uint64     `json:"bytes" unit:"bytes" doc:"of all files"`
		KnownBytes uint64     `json:"known_bytes" unit:"bytes" doc:"of those that are hashed"`
		Waiting    int        `json:"waiting" doc:"names that are yet to be hashed, or are being hashed"`
		Unread     int        `json:"unread" doc:"names that cannot be hashed"`
		Hashing    []hashing  `json:"hashing" doc:"the largest of the files that are being hashed"`
		AllHashing int        `json:"all_hashing" doc:"all of them"`
		Folders    int        `json:"folders" doc:"that are shared"`
		Watched    int        `json:"watched" doc:"of these, those whose changes the system tells at once"`
		Walking    bool       `json:"walking" doc:"the folders are being walked"`
		Walks      uint64     `json:"walks" doc:"that have ended"`
		Walked     time.Time  `json:"walked,omitzero" doc:"when the last walk ended"`
		WalkTookMS int64      `json:"walk_took_ms" unit:"ms" doc:"how long it took"`
		NextWalk   time.Time  `json:"next_walk,omitzero" doc:"when the next one begins"`
		Away       bool       `json:"away" doc:"a shared folder is not there"`
		Unshared   int        `json:"unshared" doc:"paths that are not shared"`
		Reasons    []whyCount `json:"reasons" doc:"of these, the most frequent first"`
	}

	hashing struct {
		Name  string `json:"name" doc:"of the file"`
		Done  uint64 `json:"done_bytes" unit:"bytes" doc:"that are hashed"`
		Bytes uint64 `json:"bytes" unit:"bytes" doc:"of the file"`
		Asked bool   `json:"asked" doc:"a client waits for it"`
	}

	whyCount struct {
		Reason string `json:"reason" doc:"a word: hidden, name, long, clash, kind, link, denied, unreadable, changing, large, limit or own"`
		Means  string `json:"means" doc:"the same for people"`
		Count  int    `json:"count" doc:"paths"`
	}

	nodeLimits struct {
		Links          int    `json:"links" doc:"connections now"`
		MaxLinks       int    `json:"max_links" doc:"at most"`
		MaxFrom        int    `json:"max_links_from" doc:"of these, those of one address at most"`
		Uploads        int    `json:"uploads" doc:"bodies that are being sent"`
		MaxUploads     int    `json:"max_uploads" doc:"at most"`
		MaxUploadsFrom int    `json:"max_uploads_from" doc:"of these, those to one client at most"`
		Waiting        int    `json:"waiting" doc:"bodies that wait for their turn"`
		Rate           uint64 `json:"bytes_per_second" unit:"bytes/s" doc:"of all bodies lately"`
		MaxRate        uint64 `json:"max_bytes_per_second" unit:"bytes/s" doc:"at most; 0: any number"`
		MaxEach        uint64 `json:"max_bytes_per_second_each" unit:"bytes/s" doc:"to one client at most; 0: any number"`
		Requests       uint64 `json:"requests" doc:"since the start"`
		Sent           uint64 `json:"sent_bytes" unit:"bytes" doc:"of bodies since the start"`
	}

	upload struct {
		Number   uint64    `json:"number" doc:"its own among all of the node's"`
		Peer     string    `json:"peer,omitempty" doc:"the client's id, if it proves one"`
		Address  string    `json:"address,omitempty" doc:"the client's host:port; over a circuit the relay's"`
		Way      string    `json:"way" doc:"direct or circuit"`
		Name     string    `json:"name,omitempty" doc:"as the client asked; none: by the hash alone"`
		Hash     string    `json:"hash,omitempty" doc:"of the file"`
		Bytes    uint64    `json:"bytes" unit:"bytes" doc:"of the file; 0: not known, or empty"`
		Tree     bool      `json:"tree" doc:"the hashes within the file are asked for, and none of its bytes"`
		Offset   uint64    `json:"offset" unit:"bytes" doc:"where the last request begins"`
		Length   uint64    `json:"length" unit:"bytes" doc:"of the last request; 0: to the end"`
		Requests uint64    `json:"requests" doc:"so far"`
		Promised uint64    `json:"promised_bytes" unit:"bytes" doc:"of the answers so far"`
		Sent     uint64    `json:"sent_bytes" unit:"bytes" doc:"of these"`
		Since    time.Time `json:"since,omitzero" doc:"the first request"`
	}

	uploadNow struct {
		upload
		Phase  string `json:"phase" doc:"opening, hashing, waiting or sending"`
		Hashed uint64 `json:"hashed_bytes" unit:"bytes" doc:"while hashing"`
		Rate   uint64 `json:"bytes_per_second" unit:"bytes/s" doc:"lately"`
	}

	uploadEnded struct {
		upload
		End   string    `json:"end" doc:"sent, refused, spoiled or cut"`
		Code  string    `json:"code,omitempty" doc:"the wire's reason"`
		Ended time.Time `json:"ended,omitzero" doc:"when it ended"`
	}

	uploadsPage struct {
		Uploads []uploadNow   `json:"uploads" doc:"under way, those that have run for longest first, a bounded number"`
		Recent  []uploadEnded `json:"recent" doc:"those that ended last, the last one first"`
	}

	unsharedPath struct {
		Path   string `json:"path" doc:"below the shared folder; of a folder with a slash behind it"`
		Why    string `json:"why" doc:"it is not shared, for people"`
		Reason string `json:"reason" doc:"the same in a word"`
	}

	unsharedPage struct {
		Known    bool           `json:"known" doc:"the share can say what it does not share"`
		All      int            `json:"all" doc:"paths that are not shared"`
		Reasons  []whyCount     `json:"reasons" doc:"of all of these, the most frequent first"`
		Unshared []unsharedPath `json:"unshared" doc:"some of them, sorted by path"`
		Next     string         `json:"next,omitempty" doc:"the cursor of the next page, if there is one"`
	}
)

func nodeOverviewOf(o peer.NodeOverview, now time.Time) nodeOverview {
	c, p, l := o.Circuits, o.Published, o.Limits
	answer := nodeOverview{
		Time: now, ID: idText(o.ID), Started: o.Started, Ended: o.Ended, Listen: addressText(o.Listen), Relay: o.Relay, RelayID: idText(o.RelayID),
		Listed: listingOf(o.Listed), Unlisted: unlistedOf(o.Unlisted), Reach: nodeReach{string(o.Reach.Grade), o.Reach.Text, o.Reach.Cure},
		Circuits: nodeCircuits(c), Published: nodePublished(p), Limits: nodeLimits(l),
	}
	if o.Described {
		answer.Share = shareStateOf(o.Share)
	}
	return answer
}

func listingOf(l *peer.NodeListing) *nodeListing {
	if l == nil {
		return nil
	}
	answer := &nodeListing{Addresses: []reachedAddress{}, Await: l.Await != 0, TTLMS: l.TTL.Milliseconds(), Since: l.Since, Heard: l.Heard, Until: l.Until, Renew: l.Renew}
	if l.At.IsValid() {
		answer.Addresses = append(answer.Addresses, reachedAddress{l.At.String(), l.Reach.String()})
	}
	if l.Also.IsValid() {
		answer.Addresses = append(answer.Addresses, reachedAddress{netip.AddrPortFrom(l.Also, l.At.Port()).String(), l.AlsoReach.String()})
	}
	return answer
}

func unlistedOf(u *peer.NodeUnlisted) *nodeUnlisted {
	if u == nil {
		return nil
	}
	answer := &nodeUnlisted{Text: u.Text, Since: u.Since, Tried: u.Tried, Next: u.Next, Fails: u.Fails}
	if u.Code != 0 {
		answer.Code, answer.By = u.Code.String(), u.By.String()
	}
	return answer
}

func shareStateOf(p transport.Progress) *shareState {
	return &shareState{
		Files: p.Files, Known: p.Known, Bytes: p.Bytes, KnownBytes: p.KnownBytes, Waiting: p.Waiting, Unread: p.Unread,
		Hashing:    each(p.Hashing, func(h transport.Hashing) hashing { return hashing{h.Name, h.Done, h.Size, h.Asked} }),
		AllHashing: p.AllHashing, Folders: p.Folders, Watched: p.Watched, Walking: p.Walking, Walks: p.Walks, Walked: p.Walked,
		WalkTookMS: p.WalkTook.Milliseconds(), NextWalk: p.NextWalk, Away: p.Away, Unshared: p.Unshared, Reasons: reasonsOf(p.Reasons),
	}
}

func reasonsOf(all []transport.ReasonCount) []whyCount {
	return each(all, func(r transport.ReasonCount) whyCount { return whyCount{string(r.Reason), r.Reason.Means(), r.Count} })
}

func uploadOf(u peer.Upload) upload {
	return upload{
		u.Number, idText(u.Peer), addressText(u.Address), string(u.Way), u.Name, hashText(u.Hash), u.Size, u.Tree,
		u.Offset, u.Length, u.Requests, u.Promised, u.Sent, u.Since,
	}
}

func uploadsPageOf(now []peer.UploadNow, ended []peer.UploadEnded) uploadsPage {
	return uploadsPage{
		each(now, func(u peer.UploadNow) uploadNow {
			return uploadNow{uploadOf(u.Upload), string(u.Phase), u.Hashed, u.Rate}
		}),
		each(ended, func(u peer.UploadEnded) uploadEnded {
			code := ""
			if u.Code != 0 {
				code = u.Code.String()
			}
			return uploadEnded{uploadOf(u.Upload), string(u.End), code, u.Ended}
		}),
	}
}

func addressText(at netip.AddrPort) string {
	if !at.IsValid() {
		return ""
	}
	return at.String()
}
