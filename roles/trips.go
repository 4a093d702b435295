package roles

// Phase is a part of a conversation, with the round trips between the peers that it takes where nothing
// goes wrong and nobody has to work for an answer.
type Phase struct {
	Name  string
	Until string
	Trips int    // from the start of the machine
	Each  int    // and so many more for each of the next
	Of    string // what there may be several of; empty: nothing
}

// Phases are the phases of all conversations. The simulation counts them.
var Phases = []Phase{
	{Name: "register", Until: "the relay lists the node, and has reached it", Trips: 3},
	{Name: "register", Until: "the first page of its index is published", Trips: 4},
	{Name: "renew", Until: "the lease runs on", Trips: 2},
	{Name: "locate", Until: "the nodes are known", Trips: 2, Each: 1, Of: "further page"},
	{Name: "locate", Until: "the link is closed", Trips: 3, Each: 1, Of: "further page"},
	{Name: "list", Until: "the names are known", Trips: 2, Each: 1, Of: "further page"},
	{Name: "list", Until: "the link is closed", Trips: 3, Each: 1, Of: "further page"},
	{Name: "fetch", Until: "the first verified byte", Trips: 4, Each: 2, Of: "node before that does not have it"},
	{Name: "fetch", Until: "the first verified byte, if all nodes are reached through the relay", Trips: 9},
	{Name: "fetch", Until: "a small file is in its place", Trips: 4, Each: 2, Of: "node before that does not have it"},
	{Name: "fetch", Until: "every link is closed", Trips: 5, Each: 2, Of: "node before that does not have it"},
	{Name: "not found", Until: "the last answer", Trips: 2, Each: 2, Of: "node that is asked"},
	{Name: "not found", Until: "every link is closed", Trips: 3, Each: 2, Of: "node that is asked"},
	{Name: "many small files", Until: "the first verified byte, once the names are known", Trips: 2},
	{Name: "many small files", Until: "every link is closed", Trips: 3},
}
