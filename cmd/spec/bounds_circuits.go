package main

// circuitBounds are about what a peer can do with circuits, and what a relay can do to those who use them.
var circuitBounds = []bound{
	{
		can:        "open many circuits, or pass much over them",
		by:         "MaxCircuits at once, in a closed relay MaxCircuitsClosed; MaxCircuitsFrom of one address, in a closed relay of one id; CircuitBytesFrom of one address in a day; then ERROR(`quota`) with the time of the refill. A day's bytes are exceeded by one CircuitPiece at most for each other direction of the circuits that are open",
		parameters: "MaxCircuits MaxCircuitsClosed MaxCircuitsFrom CircuitBytesFrom CircuitPiece",
		flags:      "--circuits --circuits-from --circuit-bytes --circuit-rate",
		tests:      "TestACircuitIsRefusedWithTheLimitThatIsUsedUp TestAnAddressPassesItsBytesADay TestAMemberOfAClosedRelayHasItsLimits TestACircuitIsCutWhereItsBytesEnd TestADaysBytesAreExceededByAPieceForEachOtherDirection",
	},
	{
		can:        "pass so much over circuits that others pass little",
		by:         "clients take turns, by their ids and of CircuitTurn each; in a turn nothing waits for a peer",
		parameters: "CircuitTurn",
		tests:      "TestRoundsGiveEachClientTheSame TestRoundsWaitOnlyWhenBusy",
	},
	{
		can:        "take nothing of what comes over a circuit",
		by:         "what did not fit into its window is all that the relay holds, 256 KiB for each end at most, and 16 KiB where 64 others are held up so; CircuitIdle",
		parameters: "CircuitIdle",
		tests:      "TestFewCircuitsThatAreHeldUpHoldMuch",
	},
	{
		can:        "open a circuit and join it never, or pass nothing over it",
		by:         "JoinTimeout; CircuitIdle. It counts among those of its client until then",
		parameters: "JoinTimeout CircuitIdle",
		tests:      "TestACircuitWaitsForItsEnds TestACircuitOverWhichNothingPassesEnds",
	},
	{
		can:   "send much behind a JOIN before the other end is there",
		by:    "what has come with the JOIN is kept; no more is read, so that the sender's window bounds it",
		tests: "TestACircuitPassesBytesBothWays",
	},
	{
		can:        "invite a node again and again",
		by:         "MaxInvitations wait for one node, each for AwaitGap at most; then ERROR(`busy`). Each takes one of the circuits of its client as long as it is open, and RequestRate bounds how often. A node joins each and says `busy` where it has no room",
		parameters: "MaxInvitations AwaitGap RequestRate",
		tests:      "TestAClientHearsThroughTheRelayThatTheNodeIsBusy",
	},
	{
		can:        "keep many links on which it waits, or follow no invitation",
		by:         "MaxAwaitsFrom links of one address, and half of MaxLinks in all; then ERROR(`busy`). A link of which MaxMissed invitations in a row were not followed is ended",
		parameters: "MaxAwaitsFrom MaxLinks MaxMissed",
		flags:      "--awaits",
		tests:      "TestThereIsRoomForSoManyNodesThatWait TestANodeThatFollowsNoInvitationIsLetGo TestANodeWaitsOnOneLink",
	},
	{
		can:   "guess, replay or read a ticket",
		by:    "it has 16 bytes of a keyed hash, is good once and for one end, and is told over TLS; whoever takes an end finds TLS with the other one, which expects an id",
		tests: "TestAGuardedNodeKnowsWhoComesThroughTheRelay",
	},
	{
		can:        "have a relay remember how its circuits ended, or how much each client has passed",
		by:         "CircuitKept, and 16,384 of them; MaxRated addresses, or ids, for a day, above which a new one hears `quota`",
		parameters: "CircuitKept MaxRated",
		tests:      "TestCircuitsTakeBoundedMemory",
	},
	{
		can:   "(a relay) read or change what passes over a circuit, or lead to another node",
		by:    "TLS is between client and node, and the client expects the node's id; each group is verified as ever",
		tests: "TestAClientIsServedThroughTheRelay",
	},
	{
		can:        "(a relay) send invitations that lead nowhere, or have a node wait for ever",
		by:         "JoinTimeout and ReplyTimeout for each, MaxInvitations in one answer, an answer in AwaitLeast after AwaitBurst of them, and no more at once than one address may have links; the answer to an AWAIT within AwaitMost and ReplyTimeout, and then a new link after a random time up to AwaitRetry, or, once in that time, AwaitSoon",
		parameters: "JoinTimeout ReplyTimeout MaxInvitations AwaitLeast AwaitBurst MaxLinksFrom AwaitMost AwaitRetry AwaitSoon",
		tests:      "TestACircuitThatDoesNotComeAboutEndsInSilence TestASilentRelayIsGivenUp TestARelayThatDoesNotWaitSetsNoPace TestALinkThatWasGoodIsMadeAnewSoon TestOneRelayInvitesNoMoreThanAnAddressMayHave",
	},
}
