package protocol

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
	"time"
)

// padded returns a frame whose payload has exactly so many bytes: that of an encoded message, and
// behind it an unknown key with as much text as is missing.
func padded(t *testing.T, frame []byte, payload int) []byte {
	t.Helper()
	body := frame[HeaderSize:]
	if body[0]>>5 != majorMap || body[0]&0x1f >= 22 {
		t.Fatalf("a map that begins with 0x%02x", body[0])
	}
	const key = 23
	missing := payload - len(body) - 1
	text := missing - 3
	if missing-5 >= 1<<16 {
		text = missing - 5
	}
	padded := append([]byte{}, frame[:4]...)
	padded = binary.BigEndian.AppendUint32(padded, uint32(payload))
	padded = append(padded, body[0]+1)
	padded = append(append(padded, body[1:]...), key)
	padded = appendHead(padded, majorText, uint64(text))
	padded = append(padded, bytes.Repeat([]byte{'x'}, text)...)
	if len(padded) != HeaderSize+payload {
		t.Fatalf("a payload of %d bytes, not of %d", len(padded)-HeaderSize, payload)
	}
	return padded
}

// TestEachKindIsReadUpToItsLimit: a payload of as many bytes as the kind may have is read whole, and
// one of a byte more is refused by its header alone.
func TestEachKindIsReadUpToItsLimit(t *testing.T) {
	samples := map[string]vector{}
	for _, v := range readVectors(t) {
		if old, has := samples[v.kind]; v.expect == "ok" && (!has || len(v.bytes) < len(old.bytes)) {
			samples[v.kind] = v
		}
	}
	for _, info := range Kinds {
		sample, has := samples[info.Name]
		if !has {
			t.Errorf("no vector is a good %s", info.Name)
			continue
		}
		want, size, _ := Decode(sample.bytes)
		for payload := info.Limit - 1; payload <= info.Limit; payload++ {
			frame := padded(t, sample.bytes[:size], payload)
			if m, n, err := Decode(frame); err != nil || n != len(frame) || !reflect.DeepEqual(m, want) {
				t.Errorf("%s of %d bytes: %v, %d, %v", info.Name, payload, m, n, err)
			}
			if m, n, err := DecodeWithin(frame, payload); err != nil || n != len(frame) || m == nil {
				t.Errorf("%s within its %d bytes: %v", info.Name, payload, err)
			}
			if _, _, err := DecodeWithin(frame[:HeaderSize], payload-1); codeOf(err) != TooLarge {
				t.Errorf("%s of %d bytes within one less: %v", info.Name, payload, err)
			}
		}
		if m, n, err := Decode(padded(t, sample.bytes[:size], info.Limit+1)[:HeaderSize]); codeOf(err) != TooLarge || m != nil || n != 0 {
			t.Errorf("%s of a byte more than its limit: %v, %d, %v", info.Name, m, n, err)
		}
	}
}

func manyPeers(n int) []Peer {
	peers := make([]Peer, n)
	for i := range peers {
		peers[i] = Peer{Host: IP{192, 0, 2, 1}, Port: 1}
	}
	return peers
}

func manyItems(n int) []Item {
	items := make([]Item, n)
	for i := range items {
		items[i] = Item{Name: "a", Hash: Hash{1}, Count: 1}
	}
	return items
}

func invitations(n int) []Invitation {
	all := make([]Invitation, n)
	for i := range all {
		all[i].Ticket = Ticket{1}
	}
	return all
}

// held returns an item with the first of so many holders named.
func held(count uint64, named int) Item {
	item := Item{Name: "a", Hash: Hash{1}, Count: count}
	for i := range named {
		item.Holders = append(item.Holders, uint64(i))
	}
	return item
}

// publishing returns a PUBLISH of the last changes up to one.
func publishing(from, to uint64, changes int) *Publish {
	m := &Publish{ID: PeerID{1}, Epoch: 1, Index: 1, From: from, To: to, Latest: to}
	for range changes {
		m.Changes = append(m.Changes, Entry{Name: "a", Size: 1, Hash: Hash{1}})
	}
	return m
}

func published(e Entry) *Publish {
	m := publishing(0, 1, 0)
	m.Changes = []Entry{e}
	return m
}

// TestEachFieldReachesItsBoundAndNoFurther: the first message of a pair is at a bound, and is sent
// and read; the second is one beyond it, and is refused.
func TestEachFieldReachesItsBoundAndNoFurther(t *testing.T) {
	const groups = MaxFile / GroupSize
	id, one := PeerID{1}, Hash{1}
	host, renewed := IP{192, 0, 2, 1}, Renewed{TTL: 1, Renew: 1}
	for name, pair := range map[string][2]Message{
		"first port":         {&Register{ID: id, Epoch: 1, Port: 1}, &Register{ID: id, Epoch: 1}},
		"last port":          {&Register{ID: id, Epoch: 1, Port: 1<<16 - 1}, &Register{ID: id, Port: 1}},
		"publishes":          {&Register{ID: id, Epoch: 1, Port: 1, Publishes: 1}, &Register{ID: id, Epoch: 1, Port: 1, Publishes: 2}},
		"advertise":          {&Register{ID: id, Epoch: 1, Port: 1, Advertise: host}, &Register{ID: id, Epoch: 1, Port: 1, Advertise: append(host, 1)}},
		"long advertise":     {&Register{ID: id, Epoch: 1, Port: 1, Advertise: append(make(IP, 15), 1)}, &Register{ID: id, Epoch: 1, Port: 1, Advertise: append(make(IP, 14), 1)}},
		"renew":              {&Renewed{TTL: 1, Renew: 1}, &Renewed{TTL: 1, Renew: 2}},
		"registered renew":   {&Registered{TTL: 5, Renew: 5, Host: host, Port: 1}, &Registered{TTL: 5, Renew: 6, Host: host, Port: 1}},
		"registered port":    {&Registered{TTL: 5, Renew: 1, Host: host, Port: 1}, &Registered{TTL: 5, Renew: 1, Host: host}},
		"no renew":           {&Renewed{TTL: 1<<64 - 1, Renew: 1}, &Renewed{TTL: 1}},
		"no lease":           {&Renewed{TTL: 1, Renew: 1}, &Renewed{}},
		"held":               {&Renewed{TTL: 1, Renew: 1, Held: Held{1, MaxSequence}}, &Renewed{TTL: 1, Renew: 1, Held: Held{1, MaxSequence + 1}}},
		"held of nothing":    {&Renewed{TTL: 1, Renew: 1, Held: Held{1, 0}}, &Renewed{TTL: 1, Renew: 1, Held: Held{0, 1}}},
		"await":              {&Renewed{TTL: 1, Renew: 1, Reached: Reached{Await: 1}}, &Renewed{TTL: 1, Renew: 1, Reached: Reached{Await: 2}}},
		"registered await":   {&Registered{TTL: 1, Renew: 1, Port: 1, Reached: Reached{Await: 1}}, &Registered{TTL: 1, Renew: 1, Port: 1, Reached: Reached{Await: 2}}},
		"wait":               {&Await{ID: id, Epoch: 1, Wait: 1}, &Await{ID: id, Epoch: 1}},
		"await epoch":        {&Await{ID: id, Epoch: 1, Wait: 1<<64 - 1}, &Await{ID: id, Wait: 1}},
		"invitations":        {&Awaited{Renewed: renewed, Invitations: invitations(MaxInvitations)}, &Awaited{Renewed: renewed, Invitations: invitations(MaxInvitations + 1)}},
		"an invitation":      {&Awaited{Renewed: renewed, Invitations: invitations(1)}, &Awaited{Renewed: renewed, Invitations: []Invitation{{}}}},
		"awaited renew":      {&Awaited{Renewed: renewed}, &Awaited{Renewed: Renewed{TTL: 1, Renew: 2}}},
		"circuit":            {&Circuit{Node: PeerID{9}}, &Circuit{}},
		"circuit to a key":   {&Circuit{Node: PeerID{9}, Before: Ticket{1}}, &Circuit{Node: PeerID{1}}},
		"opened":             {&Opened{Ticket: Ticket{1}, Bytes: 1<<64 - 1, Millis: 1<<64 - 1, Rate: 1<<64 - 1, LastBytes: 1<<64 - 1, Refill: 1<<64 - 1}, &Opened{}},
		"join":               {&Join{Ticket: Ticket{15: 1}}, &Join{}},
		"a peer's circuit":   {&Located{Peers: []Peer{{ID: PeerID{9}, Circuit: 1}}}, &Located{Peers: []Peer{{ID: PeerID{9}, Circuit: 2}}}},
		"a circuit to no id": {&Located{Peers: []Peer{{Host: host, Port: 1, ID: PeerID{9}, Circuit: 1}}}, &Located{Peers: []Peer{{Host: host, Port: 1, Circuit: 1}}}},
		"no way to a peer":   {&Located{Peers: []Peer{{ID: PeerID{9}, Circuit: 1}}}, &Located{Peers: []Peer{{ID: PeerID{9}}}}},
		"a port of nothing":  {&Located{Peers: []Peer{{ID: PeerID{9}, Circuit: 1}}}, &Located{Peers: []Peer{{ID: PeerID{9}, Port: 1, Circuit: 1}}}},
		"locate cursor":      {&Locate{Cursor: make([]byte, CursorSize)}, &Locate{Cursor: make([]byte, CursorSize+1)}},
		"short cursor":       {&Locate{Cursor: make([]byte, 1)}, &Locate{Cursor: make([]byte, CursorSize+1)}},
		"located cursor":     {&Located{Peers: []Peer{}, Cursor: make([]byte, CursorSize)}, &Located{Cursor: make([]byte, CursorSize+1)}},
		"peers":              {&Located{Peers: manyPeers(MaxPage)}, &Located{Peers: manyPeers(MaxPage + 1)}},
		"a holder's size":    {&Located{Peers: []Peer{{Host: host, Port: 1, Hash: one, Size: MaxFile}}}, &Located{Peers: []Peer{{Host: host, Port: 1, Hash: one, Size: MaxFile + 1}}}},
		"no content":         {&Located{Peers: []Peer{{Host: host, Port: 1, Hash: one, Size: 0}}}, &Located{Peers: []Peer{{Host: host, Port: 1, Hash: Hash{}, Size: 1}}}},
		"list cursor":        {&List{Cursor: make([]byte, CursorSize)}, &List{Cursor: make([]byte, CursorSize+1)}},
		"pattern":            {&List{Pattern: longName(MaxPattern)}, &List{Pattern: longName(MaxPattern) + "b"}},
		"listed cursor":      {&Listed{Items: []Item{}, Cursor: make([]byte, CursorSize)}, &Listed{Cursor: make([]byte, CursorSize+1)}},
		"items":              {&Listed{Items: manyItems(MaxPage)}, &Listed{Items: manyItems(MaxPage + 1)}},
		"holders":            {&Listed{Items: []Item{held(9, MaxHolders)}, Peers: manyPeers(9)}, &Listed{Items: []Item{held(9, MaxHolders+1)}, Peers: manyPeers(9)}},
		"counted holders":    {&Listed{Items: []Item{held(2, 2)}, Peers: manyPeers(3)}, &Listed{Items: []Item{held(2, 3)}, Peers: manyPeers(3)}},
		"listed holders":     {&Listed{Items: []Item{held(3, 3)}, Peers: manyPeers(3)}, &Listed{Items: []Item{held(3, 3)}, Peers: manyPeers(2)}},
		"listed peers":       {&Listed{Items: []Item{}, Peers: manyPeers(MaxPage)}, &Listed{Items: []Item{}, Peers: manyPeers(MaxPage + 1)}},
		"nobody holds it":    {&Listed{Items: []Item{held(1, 0)}}, &Listed{Items: []Item{held(0, 0)}}},
		"listed size":        {&Listed{Items: []Item{{Name: "a", Size: MaxFile, Hash: one, Count: 1}}}, &Listed{Items: []Item{{Name: "a", Size: MaxFile + 1, Hash: one, Count: 1}}}},
		"listed date":        {&Listed{Items: []Item{{Name: "a", Hash: one, Count: 1, Modified: MaxModified - 1}}}, &Listed{Items: []Item{{Name: "a", Hash: one, Count: 1, Modified: MaxModified}}}},
		"listed mark":        {&Listed{Items: []Item{{Name: "a", Mark: Opaque, Count: 1}}}, &Listed{Items: []Item{{Name: "a", Mark: Opaque + 1, Count: 1}}}},
		"silent":             {&Listed{Items: []Item{}, Silent: MaxSilent, Named: manyPeers(MaxSilent)}, &Listed{Items: []Item{}, Silent: MaxSilent + 1, Named: manyPeers(MaxSilent + 1)}},
		"counted silent":     {&Listed{Items: []Item{}, Silent: 1, Named: manyPeers(1)}, &Listed{Items: []Item{}, Silent: 1, Named: manyPeers(2)}},
		"changes":            {publishing(0, MaxPage, MaxPage), publishing(0, MaxPage+1, MaxPage+1)},
		"numbered changes":   {publishing(5, 7, 2), publishing(5, 7, 3)},
		"sequence":           {publishing(MaxSequence-1, MaxSequence, 1), publishing(MaxSequence, MaxSequence+1, 1)},
		"latest":             {&Publish{ID: id, Epoch: 1, Index: 1, To: 1, Latest: 1, Changes: []Entry{}}, &Publish{ID: id, Epoch: 1, Index: 1, To: 2, Latest: 1}},
		"from":               {&Publish{ID: id, Epoch: 1, Index: 1, From: 2, To: 2, Latest: 2, Changes: []Entry{}}, &Publish{ID: id, Epoch: 1, Index: 1, From: 3, To: 2, Latest: 3}},
		"index":              {&Publish{ID: id, Epoch: 1, Index: 1, Changes: []Entry{}}, &Publish{ID: id, Epoch: 1}},
		"beyond":             {&Publish{ID: id, Epoch: 1, Index: 1, Changes: []Entry{}, Beyond: 1}, &Publish{ID: id, Epoch: 1, Index: 1, Beyond: 2}},
		"a change's size":    {published(Entry{Name: "a", Size: MaxFile, Hash: one}), published(Entry{Name: "a", Size: MaxFile + 1, Hash: one})},
		"a change's date":    {published(Entry{Name: "a", Hash: one, Modified: MaxModified - 1}), published(Entry{Name: "a", Hash: one, Modified: MaxModified})},
		"a marked date":      {published(Entry{Name: "a", Mark: Pending, Modified: MaxModified - 1}), published(Entry{Name: "a", Mark: Pending, Modified: MaxModified})},
		"a gone name's date": {published(Entry{Name: "a"}), published(Entry{Name: "a", Modified: 1})},
		"a marked size":      {published(Entry{Name: "a", Size: MaxFile, Mark: Pending}), published(Entry{Name: "a", Size: MaxFile + 1, Mark: Pending})},
		"a change's mark":    {published(Entry{Name: "a", Mark: Opaque}), published(Entry{Name: "a", Mark: Opaque + 1})},
		"a mark and a hash":  {published(Entry{Name: "a", Hash: one}), published(Entry{Name: "a", Hash: one, Mark: Pending})},
		"a gone name's size": {published(Entry{Name: "a"}), published(Entry{Name: "a", Size: 1})},
		"published":          {&Published{Index: 1, Sequence: MaxSequence}, &Published{Index: 1, Sequence: MaxSequence + 1}},
		"refused changes":    {&Published{Index: 1, Refused: MaxPage}, &Published{Index: 1, Refused: MaxPage + 1}},
		"published index":    {&Published{Index: 1}, &Published{}},
		"first group":        {&Tree{Name: "a", First: groups}, &Tree{Name: "a", First: groups + 1}},
		"name":               {&Get{Name: longName(MaxName)}, &Get{Name: longName(MaxName) + "b"}},
		"component":          {&Get{Name: longComponent(MaxComponent)}, &Get{Name: longComponent(MaxComponent + 1)}},
		"offset":             {&Get{Name: "a", Offset: MaxFile}, &Get{Name: "a", Offset: MaxFile + 1}},
		"outboard size":      {&Outboard{Size: MaxFile, Hash: one, First: groups}, &Outboard{Size: MaxFile + 1, Hash: one, First: groups}},
		"outboard groups":    {&Outboard{Size: MaxFile, Hash: one, Count: MaxGroups}, &Outboard{Size: MaxFile, Hash: one, Count: MaxGroups + 1}},
		"groups to the end":  {&Outboard{Size: 2 * GroupSize, Hash: one, First: 1, Count: 1}, &Outboard{Size: 2 * GroupSize, Hash: one, First: 1, Count: 2}},
		"groups at the end":  {&Outboard{Size: 2 * GroupSize, Hash: one, First: 2}, &Outboard{Size: 2 * GroupSize, Hash: one, First: 3}},
		"a byte of a group":  {&Outboard{Size: 2*GroupSize + 1, Hash: one, First: 2, Count: 1}, &Outboard{Size: 2 * GroupSize, Hash: one, First: 2, Count: 1}},
		"no groups":          {&Outboard{Size: GroupSize, Hash: one, First: 1}, &Outboard{Size: GroupSize + 1, Hash: one, First: 1}},
		"parents":            {&Outboard{Size: 1, Hash: one, Count: 1, Nodes: make([]byte, 2*HashSize)}, &Outboard{Size: 1, Hash: one, Count: 1, Nodes: make([]byte, 2*HashSize+1)}},
		"hashed":             {&Hashing{Done: MaxFile, Size: MaxFile}, &Hashing{Done: 2, Size: 1}},
		"hashing":            {&Hashing{Size: MaxFile}, &Hashing{Size: MaxFile + 1}},
		"range":              {&Content{Size: MaxFile, Length: MaxRange, Hash: one}, &Content{Size: MaxFile, Length: MaxRange + 1, Hash: one}},
		"content to the end": {&Content{Size: 9, Offset: 8, Length: 1, Hash: one}, &Content{Size: 9, Offset: 8, Length: 2, Hash: one}},
		"content at the end": {&Content{Size: 9, Offset: 9, Hash: one}, &Content{Size: 9, Offset: 8, Hash: one}},
		"behind the end":     {&Content{Size: MaxFile, Offset: MaxFile, Hash: one}, &Content{Size: 9, Offset: 10, Hash: one}},
		"content size":       {&Content{Size: MaxFile, Length: 1, Hash: one}, &Content{Size: MaxFile + 1, Length: 1, Hash: one}},
		"text":               {&Error{Code: NotFound, By: Node, Text: longComponent(MaxText)}, &Error{Code: NotFound, By: Node, Text: longComponent(MaxText + 1)}},
		"first party":        {&Error{Code: NotFound, By: Relay}, &Error{Code: NotFound, By: Relay - 1}},
		"last party":         {&Error{Code: NotFound, By: Client}, &Error{Code: NotFound, By: Client + 1}},
	} {
		good, bad := pair[0], pair[1]
		if m, _, err := Decode(Append(nil, good)); err != nil || says(m) != says(good) {
			t.Errorf("%s, at its bound: %v, %v", name, m, err)
		}
		payload, err := encode(bad)
		if err != nil {
			t.Fatal(err)
		}
		frame := append([]byte(Magic), Version, byte(bad.Kind()))
		frame = append(binary.BigEndian.AppendUint32(frame, uint32(len(payload))), payload...)
		m, _, err := Decode(frame)
		refused := m == nil && (codeOf(err) == Malformed || codeOf(err) == BadName)
		if !refused && (err != nil || leftOut(m) != 1) {
			t.Errorf("%s, one beyond its bound: %v, %v", name, m, err)
		}
		if bad.check() == nil && len(payload) < MaxList {
			t.Errorf("%s, one beyond its bound, is sent", name)
		}
	}
}

func longComponent(length int) string { return string(bytes.Repeat([]byte{'a'}, length)) }

// TestNumbersGrowWhereCBORSaysSo: the room of a page counts each number as the library writes it, on
// both sides of each width.
func TestNumbersGrowWhereCBORSaysSo(t *testing.T) {
	for _, n := range []uint64{0, 1, 23, 24, 25, 1<<8 - 1, 1 << 8, 1<<8 + 1, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1<<32 - 1, 1 << 32, 1<<32 + 1, 1<<64 - 1} {
		want, err := encMode.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendHead(nil, majorUint, n); !bytes.Equal(got, want) || headSize(n) != len(want) {
			t.Errorf("%d is % x in %d bytes, want % x", n, got, headSize(n), want)
		}
		for _, e := range []Entry{{Name: "a", Size: n, Hash: Hash{1}}, {Name: "a", Size: n, Mark: Opaque}, {Name: "a", Mark: Opaque, Modified: n}} {
			if b, err := encMode.Marshal(&e); err != nil || len(b) != e.Room() {
				t.Errorf("%v takes %d bytes, said were %d; %v", e, len(b), e.Room(), err)
			}
		}
		item := Item{Name: "a", Size: n, Hash: Hash{1}, Count: n, Holders: []uint64{n}, Modified: n}
		if b, err := encMode.Marshal(&item); err != nil || len(b) != item.Room() {
			t.Errorf("%v takes %d bytes, said were %d; %v", item, len(b), item.Room(), err)
		}
	}
	for _, length := range []int{1, 23, 24, 255, 256, MaxName} {
		e, item := Entry{Name: longComponent(length)}, Item{Name: longComponent(length), Mark: Pending, Count: 1}
		if b, err := encMode.Marshal(&e); err != nil || len(b) != e.Room() {
			t.Errorf("a name of %d bytes takes %d, said were %d; %v", length, len(b), e.Room(), err)
		}
		if b, err := encMode.Marshal(&item); err != nil || len(b) != item.Room() {
			t.Errorf("an item with a name of %d bytes takes %d, said were %d; %v", length, len(b), item.Room(), err)
		}
	}
}

// TestANumberHasOneForm: each number is read in the fewest bytes that hold it and in no more, whatever
// it is the argument of.
func TestANumberHasOneForm(t *testing.T) {
	edges := []uint64{0, 23, 24, 1<<8 - 1, 1 << 8, 1<<16 - 1, 1 << 16, 1<<32 - 1, 1 << 32, 1<<64 - 1}
	for _, major := range []byte{majorUint, majorBytes, majorText, majorArray, majorMap} {
		for _, n := range edges {
			fewest := headSize(n)
			for info, size := range map[byte]int{24: 2, 25: 3, 26: 5, 27: 9} {
				if size < fewest {
					continue
				}
				wide := binary.BigEndian.AppendUint64(nil, n)
				w := walker{rest: append([]byte{major<<5 | info}, wide[9-size:]...)}
				got, read, why := w.head()
				if size == fewest && (why != "" || got != major || read != n || len(w.rest) > 0) {
					t.Errorf("major type %d, %d in %d bytes is read as %d, %d: %s", major, n, size, got, read, why)
				}
				if size > fewest && why == "" {
					t.Errorf("major type %d, %d is read from %d bytes", major, n, size)
				}
			}
		}
	}
}

// TestTimesThatCanBeSaidAreThoseFrom1970To2242, the first and the last second included.
func TestTimesThatCanBeSaidAreThoseFrom1970To2242(t *testing.T) {
	for _, test := range []struct {
		at   time.Time
		said bool
	}{
		{time.Unix(-1, 999_999_999), false}, {time.Unix(0, 0), false}, {time.Unix(0, 1), true},
		{time.Unix(MaxModified-1, 999_999_999), true}, {time.Unix(MaxModified, 0), false},
	} {
		if got, said := AttributesOf(test.at, false).Time(); said != test.said || said && !got.Equal(test.at) {
			t.Errorf("%v is said as %v, %v", test.at, got, said)
		}
		said := test.said && test.at.Unix() > 0 // no entry says the first second
		if got := TimeOf(SecondsOf(test.at)); got.IsZero() == said || said && got.Unix() != test.at.Unix() {
			t.Errorf("%v is listed as %v", test.at, got)
		}
	}
	const last = MaxModified*uint64(time.Second) - 1
	for modified, want := range map[uint64]bool{0: false, 1: true, last: true, last + 1: false} {
		if _, said := (Attributes{Modified: modified}).Time(); said != want {
			t.Errorf("%d ns since 1970 can be set: %v", modified, said)
		}
	}
}

// TestAPeerTakesPeerRoom: the longest one has that many bytes, and no other has more.
func TestAPeerTakesPeerRoom(t *testing.T) {
	peer := Peer{Host: append(make(IP, 15), 1), Port: 1<<16 - 1, Also: IP{192, 0, 2, 1}, ID: PeerID{9}, Circuit: 1}
	if b, err := encMode.Marshal(&peer); err != nil || len(b) != PeerRoom {
		t.Errorf("%d bytes, not %d; %v", len(b), PeerRoom, err)
	}
}
