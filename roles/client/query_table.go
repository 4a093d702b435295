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
	QueryNew      QueryState = "New"
	QueryDialing  QueryState = "Dialing"
	QueryEntering QueryState = "Entering"
	QueryLocating QueryState = "Locating"
	QueryListing  QueryState = "Listing"
	QueryOpening  QueryState = "Opening"
	QueryPutOff   QueryState = "PutOff"
	QueryWaiting  QueryState = "Waiting"
	QueryLeaving  QueryState = "Leaving"
	QueryClosed   QueryState = "Closed"
)

// The events of a Query.
const (
	queryStarted         QueryEvent = "Started"
	queryOpenedToEnter   QueryEvent = "OpenedToEnter"
	queryEnteredToLocate QueryEvent = "ENTERED, to locate"
	queryEnteredToList   QueryEvent = "ENTERED, to list"
	queryOpenedToLocate  QueryEvent = "OpenedToLocate"
	queryOpenedToList    QueryEvent = "OpenedToList"
	queryEnteredToOpen   QueryEvent = "ENTERED, to open"
	queryOpenedToOpen    QueryEvent = "OpenedToOpen"
	queryCircuitOpened   QueryEvent = "OPENED"
	queryLocatedMore     QueryEvent = "LOCATED, more"
	queryLocatedLast     QueryEvent = "LOCATED, last"
	queryLocatedAhead    QueryEvent = "LOCATED, to open"
	queryListedMore      QueryEvent = "LISTED, more"
	queryListedLast      QueryEvent = "LISTED, last"
	queryRelayBusy       QueryEvent = "ERROR busy"
	queryRefused         QueryEvent = "ERROR"
	queryBroke           QueryEvent = "Broke"
	queryUnexpected      QueryEvent = "Unexpected"
	queryMalformed       QueryEvent = "Malformed"
	queryPeerEnded       QueryEvent = "PeerEnded"
	queryLost            QueryEvent = "Lost"
	queryExpired         QueryEvent = "Expired"
	queryStopped         QueryEvent = "Stopped"
)

var queryRow = roles.NewRow[QueryState, QueryEvent]

// QueryTable returns the table that governs what is asked of a relay.
func QueryTable() *roles.Table[QueryState, QueryEvent] { return queryGrammar.Table() }

var queryGrammar = roles.NewGrammar(func() roles.Table[QueryState, QueryEvent] {
	return roles.Table[QueryState, QueryEvent]{
		Name: "client.Query",
		States: []roles.State[QueryState]{
			{Name: QueryNew, Means: "Nothing has happened yet."},
			{Name: QueryDialing, Wait: roles.DialTimeout,
				Means: "A connection to the relay is being made."},
			{Name: QueryEntering, Wait: roles.ReplyTimeout,
				Means: "ENTER has been sent, and the first request right behind it; whether the relay admits us moves us on."},
			{Name: QueryLocating, Wait: roles.ReplyTimeout,
				Means: "LOCATE has been sent; its page, a refusal, or the lack of either moves us on."},
			{Name: QueryListing, Wait: roles.ReplyTimeout,
				Means: "LIST has been sent; its page, a refusal, or the lack of either moves us on."},
			{Name: QueryOpening, Wait: roles.ReplyTimeout,
				Means: "CIRCUIT has been sent, maybe behind LOCATED; its ticket, a refusal, or the lack of either moves us on."},
			{Name: QueryPutOff, Wait: roles.CloseTimeout,
				Means: "The relay has no room for us just now and we have half-closed; its end of stream moves us on."},
			{Name: QueryWaiting, WaitFrom: "the relay's retry-after, doubled for each time in a row, at most RetryMost, and up to half of it longer",
				Means: "No connection is open; when the wait is over the relay is asked for the same page again."},
			{Name: QueryLeaving, Wait: roles.CloseTimeout,
				Means: "The relay has done for us what it will and we have half-closed; its end of stream moves us on."},
			{Name: QueryClosed, Final: true, Means: "The link is closed and released."},
		},
		Events: []roles.Event[QueryEvent]{
			{Name: queryStarted, Means: "something is to be asked"},
			{Name: queryOpenedToEnter, Means: "the link is there, and we have an invite that has not been used in this run"},
			{Name: queryEnteredToLocate, Kind: protocol.KindEntered, Means: "the relay admits us, and nodes have been asked for"},
			{Name: queryEnteredToList, Kind: protocol.KindEntered, Means: "the relay admits us, and names have been asked for"},
			{Name: queryOpenedToLocate, Means: "the link is there, and nodes are asked for"},
			{Name: queryOpenedToList, Means: "the link is there, and names are asked for"},
			{Name: queryEnteredToOpen, Kind: protocol.KindEntered, Means: "the relay admits us, and a circuit has been asked for"},
			{Name: queryOpenedToOpen, Means: "the link is there, and a circuit is asked for"},
			{Name: queryCircuitOpened, Kind: protocol.KindOpened, Means: "the ticket of a circuit"},
			{Name: queryLocatedMore, Kind: protocol.KindLocated, Means: "a page of nodes, and there are more"},
			{Name: queryLocatedLast, Kind: protocol.KindLocated, Means: "a page of nodes, and no other one is there, or wanted"},
			{Name: queryLocatedAhead, Kind: protocol.KindLocated, Means: "the same, and the node of it that is asked first is reached through the relay"},
			{Name: queryListedMore, Kind: protocol.KindListed, Means: "a page of names, and there are more"},
			{Name: queryListedLast, Kind: protocol.KindListed, Means: "a page of names, and no other one is there, or wanted"},
			{Name: queryRelayBusy, Kind: protocol.KindError, Means: "the relay has no room for us just now, less than MaxBusy times in a row"},
			{Name: queryRefused, Kind: protocol.KindError, Means: "the relay says no, and why; behind ENTER it says so to each request, and the first counts"},
			{Name: queryBroke, Means: "the link broke, or the relay half-closed, before the answer, and the link before did not break so"},
			{Name: queryUnexpected, Means: "a message of any other kind than the answer to that"},
			{Name: queryMalformed, Means: "bytes that are no message"},
			{Name: queryPeerEnded, Means: "the relay half-closed"},
			{Name: queryLost, Means: "the link broke, or could not be made"},
			{Name: queryExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: queryStopped, Means: "the answer is not wanted any more"},
		},
		Rows: []roles.Row[QueryState, QueryEvent]{
			queryRow([]QueryState{QueryNew}, queryStarted, QueryDialing, "only the relay knows who is there"),
			queryRow([]QueryState{QueryDialing}, queryOpenedToEnter, QueryEntering, "ENTER, and LOCATE, LIST or CIRCUIT without waiting: an invite costs no round trip"),
			queryRow([]QueryState{QueryEntering}, queryEnteredToLocate, QueryLocating, "its answer comes next"),
			queryRow([]QueryState{QueryEntering}, queryEnteredToList, QueryListing, "its answer comes next"),
			queryRow([]QueryState{QueryDialing}, queryOpenedToLocate, QueryLocating, "LOCATE, for the first page"),
			queryRow([]QueryState{QueryDialing}, queryOpenedToList, QueryListing, "LIST, for the first page"),
			queryRow([]QueryState{QueryEntering}, queryEnteredToOpen, QueryOpening, "its answer comes next"),
			queryRow([]QueryState{QueryDialing}, queryOpenedToOpen, QueryOpening, "CIRCUIT"),
			queryRow([]QueryState{QueryOpening}, queryCircuitOpened, QueryLeaving, "the circuit has a link of its own"),
			queryRow([]QueryState{QueryLocating}, queryLocatedMore, QueryLocating, "the same link serves for the next page"),
			queryRow([]QueryState{QueryListing}, queryListedMore, QueryListing, "the same link serves for the next page"),
			queryRow([]QueryState{QueryLocating}, queryLocatedLast, QueryLeaving, "the relay is not needed any more"),
			queryRow([]QueryState{QueryLocating}, queryLocatedAhead, QueryOpening, "CIRCUIT, without a link of its own: that saves its round trips"),
			queryRow([]QueryState{QueryListing}, queryListedLast, QueryLeaving, "the relay is not needed any more"),
			queryRow([]QueryState{QueryEntering, QueryLocating, QueryListing}, queryRelayBusy, QueryPutOff, "it has no room for the link, or for the list: another time"),
			queryRow([]QueryState{QueryPutOff}, queryPeerEnded, QueryWaiting, "asked again later, over a link of its own"),
			queryRow([]QueryState{QueryPutOff}, queryLost, QueryWaiting, "asked again later, over a link of its own"),
			queryRow([]QueryState{QueryPutOff}, queryExpired, QueryWaiting, "the relay had its time; asked again later"),
			queryRow([]QueryState{QueryWaiting}, queryExpired, QueryDialing, "it is time to ask again"),
			queryRow([]QueryState{QueryDialing, QueryEntering, QueryLocating, QueryListing, QueryOpening}, queryBroke, QueryDialing, "a link that broke says little about the relay: the same page, or circuit, is asked for again at once, and over another of its addresses if it has several"),
			queryRow([]QueryState{QueryEntering, QueryLocating, QueryListing, QueryOpening}, queryRefused, QueryLeaving, "the relay says no; who wants a circuit may ask others while it is busy"),
			queryRow([]QueryState{QueryEntering, QueryLocating, QueryListing, QueryOpening}, queryUnexpected, QueryLeaving, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
			queryRow([]QueryState{QueryEntering, QueryLocating, QueryListing, QueryOpening}, queryMalformed, QueryLeaving, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			queryRow([]QueryState{QueryEntering, QueryLocating, QueryListing, QueryOpening, QueryLeaving}, queryPeerEnded, QueryClosed, "the relay is done with this link"),
			queryRow([]QueryState{QueryDialing, QueryEntering, QueryLocating, QueryListing, QueryOpening, QueryLeaving}, queryLost, QueryClosed, "no peer is left to talk to"),
			queryRow([]QueryState{QueryDialing, QueryEntering, QueryLocating, QueryListing, QueryOpening, QueryLeaving}, queryExpired, QueryClosed, "the relay had its time"),
			queryRow([]QueryState{QueryNew, QueryDialing, QueryEntering, QueryLocating, QueryListing, QueryOpening, QueryPutOff, QueryWaiting, QueryLeaving}, queryStopped, QueryClosed, "no answer need be waited for"),
		},
	}
})
