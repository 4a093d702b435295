package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// QueryState is a state of a Query.
type QueryState string

// QueryEvent is an event of a Query.
type QueryEvent string

// The states of a Query.
const (
	QueryNew     QueryState = "New"
	QueryDialing QueryState = "Dialing"
	QueryAsking  QueryState = "Asking"
	QueryLeaving QueryState = "Leaving"
	QueryClosed  QueryState = "Closed"
)

// The events of a Query.
const (
	QueryStarted     QueryEvent = "Started"
	QueryOpened      QueryEvent = "Opened"
	QueryLocatedMore QueryEvent = "LOCATED, more"
	QueryLocatedLast QueryEvent = "LOCATED, last"
	QueryListedMore  QueryEvent = "LISTED, more"
	QueryListedLast  QueryEvent = "LISTED, last"
	QueryRefused     QueryEvent = "ERROR"
	QueryUnexpected  QueryEvent = "Unexpected"
	QueryMalformed   QueryEvent = "Malformed"
	QueryPeerEnded   QueryEvent = "PeerEnded"
	QueryLost        QueryEvent = "Lost"
	QueryExpired     QueryEvent = "Expired"
	QueryStopped     QueryEvent = "Stopped"
)

var queryRow = roles.NewRow[QueryState, QueryEvent]

// QueryTable governs what is asked of a relay.
var QueryTable = &roles.Table[QueryState, QueryEvent]{
	Name: "client.Query",
	States: []roles.State[QueryState]{
		{Name: QueryNew, Means: "Nothing has happened yet."},
		{Name: QueryDialing, Wait: protocol.DialTimeout,
			Means: "A connection to the relay is being made."},
		{Name: QueryAsking, Wait: protocol.ReplyTimeout,
			Means: "A page has been asked for; it, a refusal, or the lack of either moves us on."},
		{Name: QueryLeaving, Wait: protocol.CloseTimeout,
			Means: "The relay has done for us what it will and we have half-closed; its end of stream moves us on."},
		{Name: QueryClosed, Final: true, Means: "The link is closed and released."},
	},
	Events: []roles.Event[QueryEvent]{
		{Name: QueryStarted, Means: "something is to be asked"},
		{Name: QueryOpened, Means: "the link is there"},
		{Name: QueryLocatedMore, Kind: protocol.KindLocated, Means: "a page of nodes, and there are more"},
		{Name: QueryLocatedLast, Kind: protocol.KindLocated, Means: "a page of nodes, and no other one is there, or wanted"},
		{Name: QueryListedMore, Kind: protocol.KindListed, Means: "a page of names, and there are more"},
		{Name: QueryListedLast, Kind: protocol.KindListed, Means: "a page of names, and no other one is there, or wanted"},
		{Name: QueryRefused, Kind: protocol.KindError, Means: "the relay says no, and why"},
		{Name: QueryUnexpected, Means: "a message of any other kind than the answer to what was asked"},
		{Name: QueryMalformed, Means: "bytes that are no message"},
		{Name: QueryPeerEnded, Means: "the relay half-closed"},
		{Name: QueryLost, Means: "the link broke, or could not be made"},
		{Name: QueryExpired, Deadline: true, Means: "the state's deadline passed"},
		{Name: QueryStopped, Means: "the answer is not wanted any more"},
	},
	Rows: []roles.Row[QueryState, QueryEvent]{
		queryRow([]QueryState{QueryNew}, QueryStarted, QueryDialing, "only the relay knows who is there"),
		queryRow([]QueryState{QueryDialing}, QueryOpened, QueryAsking, "LOCATE or LIST, for the first page"),
		queryRow([]QueryState{QueryAsking}, QueryLocatedMore, QueryAsking, "the same link serves for the next page"),
		queryRow([]QueryState{QueryAsking}, QueryListedMore, QueryAsking, "the same link serves for the next page"),
		queryRow([]QueryState{QueryAsking}, QueryLocatedLast, QueryLeaving, "the relay is not needed any more"),
		queryRow([]QueryState{QueryAsking}, QueryListedLast, QueryLeaving, "the relay is not needed any more"),
		queryRow([]QueryState{QueryAsking}, QueryRefused, QueryLeaving, "the relay says no"),
		queryRow([]QueryState{QueryAsking}, QueryUnexpected, QueryLeaving, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		queryRow([]QueryState{QueryAsking}, QueryMalformed, QueryLeaving, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		queryRow([]QueryState{QueryAsking, QueryLeaving}, QueryPeerEnded, QueryClosed, "the relay is done with this link"),
		queryRow([]QueryState{QueryDialing, QueryAsking, QueryLeaving}, QueryLost, QueryClosed, "nobody is left to talk to"),
		queryRow([]QueryState{QueryDialing, QueryAsking, QueryLeaving}, QueryExpired, QueryClosed, "the relay had its time"),
		queryRow([]QueryState{QueryNew, QueryDialing, QueryAsking, QueryLeaving}, QueryStopped, QueryClosed, "nobody need be waited for"),
	},
}
