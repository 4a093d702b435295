package main

// serverBounds are about what a peer can ask a server for, or tell it.
var serverBounds = []bound{
	{
		can:   "publish or hand out bad names and addresses among good ones",
		by:    "each costs its own entry, which is left out, counted and logged; a page, an index or a list goes on without it",
		tests: "TestABadNameCostsThatNameAlone TestBadEntriesOfARelayCostThemselves TestBadNamesOfARelayAreLeftOut",
	},
	{
		can:   "ask for any file name",
		by:    "the name rule; the shared folder cannot be left; regular files only",
		tests: "TestNameRule TestNothingEscapesTheFolder TestALinkAnywhereInANameIsNotFollowed",
	},
	{
		can:        "ask for patterns that are hard to match, or match little",
		by:         "MaxPattern bytes; a match takes for each character of the name one step for each 64 elements of the pattern, however its stars and classes follow each other; a page takes a bounded number of steps, looks at a bounded number of names and may come empty; names are compared while nobody else waits for the index",
		parameters: "MaxPattern",
		tests:      "TestStepsAreBounded",
	},
	{
		can:        "have files hashed by asking for them",
		by:         "what is asked for goes ahead of the rest of the queue; each file is hashed once until it changes, whoever asks",
		parameters: "none",
		tests:      "TestARequestedFileJumpsTheQueue TestARestartHashesNothingAgain",
	},
	{
		can:        "register many nodes",
		by:         "MaxLeases, and MaxLeasesFrom of one address; then ERROR(`limit`)",
		parameters: "MaxLeases MaxLeasesFrom",
		flags:      "--max-leases --max-leases-from",
		tests:      "TestAFullRelayRefusesAndRecovers TestOneAddressHasSoManyLeases TestALeaseCountsWhereItWasRegisteredLast",
	},
	{
		can:        "be so many nodes that their renewals alone take a processor",
		by:         "leases run longer the more there are: REGISTER and RENEW of all stay below AnnounceRate",
		parameters: "AnnounceRate LeaseTTL RenewAfter",
		flags:      "--announce-rate --ttl",
		tests:      "TestLeasesGrowLongerWithTheirNumber TestALeaseRunsAsLongAsItsOwnLastAnswerSays TestAYoungRelayWaitsAsLongAsItsLeasesRan TestManyNodesAnnounceNoMoreThanTheRelayAsksFor",
	},
	{
		can:   "register another's address",
		by:    "the source address of its connection is what is listed",
		flags: "--allow-advertise",
		tests: "TestTheAddressIsWhereTheRequestCameFrom",
	},
	{
		can:        "register an address where nobody can reach it",
		by:         "the relay dials it first, and hands out what has answered under the node's id (S27)",
		parameters: "ProbeTimeout ProbePatience",
		flags:      "--no-probe",
		tests:      "TestANodeThatCannotBeReachedHearsWhy TestWhoCannotBeReachedIsNotHandedOut TestANodeBehindAFirewallSaysSo",
	},
	{
		can: "have a relay dial for it: scan ports, or knock at others",
		by: "it dials the address that has asked and no other, says `refused`, `timeout` or `wrong-peer` and no more, has MaxProbes such dials under way, " +
			"one of an address, and after MaxFailedProbes that failed within ProbeSpan no more of that address, of IPv6 of the /56",
		parameters: "MaxProbes MaxFailedProbes ProbeSpan MaxProbed",
		flags:      "--no-probe",
		tests:      "TestFailedProofsAreFew TestManyProofsAreUnderWayAtOnceAndNoMore TestWhatIsRememberedOfProofsIsBounded",
	},
	{
		can:   "(a relay) name machines of the client's own network",
		by:    "an address of a narrower scope than the relay's own is left out",
		tests: "TestARelayNamesNoNarrowerAddressThanItsOwn",
	},
	{
		can:   "change another's lease: register under its id, renew, publish, end it",
		by:    "a lease belongs to the id that the link has proven; the rest is `denied` (S23). In plain it takes knowing the id, which its node and its relay alone do",
		tests: "TestALeaseBelongsToTheIDThatTheLinkHasProven",
	},
	{
		can:   "answer at the address of another peer",
		by:    "an initiator that knows the id expects it: another is `wrong-peer`, and is sent nothing (S23)",
		flags: "--relay-id --strict",
		tests: "TestAnotherPeerInANodesPlaceIsPassedOver TestANodeExpectsTheRelayThatItHasMet",
	},
	{
		can:   "have a key of small order, under which anybody can sign",
		by:    "it is no id: refused in certificates, and left out of lists",
		tests: "TestWeakKeysAreNobodys",
	},
	{
		can:        "publish endless or long names",
		by:         "MaxEntries of one node, MaxIndexFrom of one address, MaxIndex of all, and MeanName bytes for each of these; then ERROR(`limit`) for the page alone: what is held stays, of this node and of others",
		parameters: "MaxEntries MaxIndexFrom MaxIndex MeanName",
		flags:      "--max-entries --max-index-from --max-index",
		tests:      "TestAFullIndexKeepsWhatItHolds TestNamesCountByTheirBytes TestOneAddressHasSoManyNames TestTheNamesOfAnAddressCountByTheirBytes TestARefusalSaysWhichLimit",
	},
	{
		can:        "change its index all the time",
		by:         "its own node gathers changes for PublishGap, and has PublishBurst early exchanges for new names; another node's pages are answered one at a time, and take room in no other's index",
		parameters: "PublishGap PublishBurst",
		tests:      "TestManyNudgesMakeFewExchanges",
	},
	{
		can:   "publish what it does not have",
		by:    "a client that is sent there in vain goes on to the next node",
		tests: "TestTheNextNodeTakesOver",
	},
	{
		can:        "make the relay remember nodes that have left",
		by:         "LastSeenKeep and MaxLastSeen; names are forgotten with the lease; a LEAVE of an id that is not known leaves nothing",
		parameters: "LastSeenKeep MaxLastSeen",
		tests:      "TestWhoWasSeenIsForgottenInTime TestNoMoreAreRememberedThanTheBound TestALateLeaveOfAnOldEpochChangesNothing",
	},
	{
		can:        "make up cursors",
		by:         "CursorSize bytes that say no more than where to look next; whatever they say, the pages come to an end",
		parameters: "CursorSize",
		tests:      "TestHostileCursorsAreHarmless TestMadeUpHolderCursorsAreHarmless TestAMadeUpCursorOfAListComesToAnEnd",
	},
	{
		can:        "call sound content wrong",
		by:         "MaxDoubted groups for each connection are compared with their hash, a stretch or part of a tree at most once a minute, MaxChecks of them wait, and it takes CheckShare per cent of the time",
		parameters: "MaxDoubted MaxChecks CheckShare",
		tests:      "TestDoubtsAreBounded TestCallingSoundFilesWrongCostsLittle",
	},
}
