package main

// linkBounds are about what any peer can do over its links to a server.
var linkBounds = []bound{
	{
		can:        "connect and say nothing, or a byte a second, or half a frame",
		by:         "RequestTimeout from accepting to the first whole request; then ERROR(`timeout`)",
		parameters: "RequestTimeout",
		tests:      "TestSlowPeersAreLetGoInTime TestSilentLinksHoldNobodyUp",
	},
	{
		can:   "ask a closed relay without being admitted",
		by:    "`denied`, and nothing of what is there; no token is told from none without its secret",
		flags: "--admit",
		tests: "TestAClosedRelayTellsAStrangerNothing TestOnlyAGoodSignatureAsksForAdmission",
	},
	{
		can:   "use an invite more often than it admits, or have it used twice by a crash",
		by:    "a member is one durable line, and uses are counted by members",
		tests: "TestATokenAdmitsAsManyAsItHasUses TestAnAdmissionMayBeKilledAnywhere TestAnAdmissionMayFailAtEachChange",
	},
	{
		can:        "send ENTER again and again",
		by:         "one at a time on a link, DiskTimeout for each; a wrong signature costs one check of it, and no write",
		parameters: "DiskTimeout",
		tests:      "TestOnlyAGoodSignatureAsksForAdmission TestADiskThatHangsAdmitsNobody",
	},
	{
		can:        "keep a link open between requests",
		by:         "IdleTimeout; then ERROR(`timeout`). One who asks each nine seconds keeps it as long as there is room; from ScarceLinks per cent of the links on those over which little has passed for SpareAfter are told `busy`, the oldest first",
		parameters: "IdleTimeout ScarceLinks SpareAfter",
		tests:      "TestSlowPeersAreLetGoInTime TestWhoKeepsALinkByAskingNowAndThenMakesRoom TestAFullServerHasRoomAgain TestALinkThatMovesMuchStays TestALinkThatHasToMakeRoomIsToldBusy",
	},
	{
		can:        "begin a TLS handshake and not end it, or send much in it",
		by:         "HandshakeTimeout, HandshakeBytes; MaxHandshakes under way, of which MaxHandshakesFrom of one address; the others wait their turn, and honest ones get through",
		parameters: "HandshakeTimeout HelloPatience HandshakePatience HandshakeBytes MaxHandshakes MaxHandshakesFrom",
		tests:      "TestHalfDoneHandshakesOfAFewHoldNoOthersUp TestWhatWaitsForAHandshakeIsBounded TestALateHandshakeGoesForANewOne TestAHandshakeThatHasBegunDoesNotGoForANewOne TestStrangersTakeLittleFromTheOthers TestASlowHandshakeEndsInTime",
	},
	{
		can:        "keep many links over TLS",
		by:         "an idle one costs what crypto/tls needs, 32 KiB at most",
		parameters: "none",
		tests:      "TestALinkThatRestsCostsLittle",
	},
	{
		can:        "connect very often",
		by:         "MaxLinks at once, and no more than the process has descriptors for, of which the last fifth is for those inside (ScarceFiles, MaxSparedFiles); of one address MaxLinksFrom of these; one more gets ERROR(`busy`) with retry-after",
		parameters: "MaxLinks ScarceFiles MaxSparedFiles MaxLinksFrom",
		flags:      "--max-links --max-links-from",
		tests:      "TestALinkAboveTheOpenFilesIsToldBusy TestEveryLinkAboveTheLimitIsToldBusy TestOneAddressHasSoManyLinks TestWhoIsInsideHasDescriptorsWhenTheyRunOut TestALinkWithAHighDescriptorIsRefused",
	},
	{
		can:        "connect or ask very fast",
		by:         "LinkRateFrom links a second of one address, one more gets ERROR(`busy`), and LinkRateFrom TLS handshakes, one more waits for its turn; RequestRate requests of one id and RequestRateFrom of one address, further ones wait; after a rest as much as RateBurst allows comes at once",
		parameters: "LinkRateFrom RequestRate RequestRateFrom RateBurst MaxRated",
		flags:      "--link-rate-from --request-rate --request-rate-from",
		tests:      "TestOneAddressHasSoManyLinksASecond TestHandshakesOfOneAddressHaveARate TestWhoAsksTooOftenIsSlowedDown TestRequestsSentAheadWaitAsWell TestARequestThatWaitsHoldsNothingUp TestOneIDHasSoManyRequests TestRatesAreForgottenWhenTheyAreFullAgain",
	},
	{
		can:        "fill a server's log",
		by:         "of each kind of line so many a second, and one that says how many were left out",
		parameters: "none",
		tests:      "TestARelaysLogIsBoundedWhateverComes",
	},
	{
		can:        "claim a large payload",
		by:         "the kind's limit, and MaxFirst for the first message of a stranger, judged by the header alone; memory grows with what has arrived",
		parameters: "MaxFirst",
		tests:      "TestAFirstMessageHasItsOwnBound TestEachKindIsReadUpToItsLimit TestNothingIsAllocatedByAClaim TestFramesAreHeardUpToTheLimitOfTheirKind",
	},
	{
		can:        "nest or repeat CBOR deeply",
		by:         "4 levels, 32 keys, MaxPage items; one pass over the bytes that are there",
		parameters: "MaxPage",
		tests:      "TestEachFieldReachesItsBoundAndNoFurther TestEachKindHasItsVectors",
	},
	{
		can:        "ask and not read the answers",
		by:         "a write that waits longer than ReplyTimeout ends the link; requests are read one at a time, so nothing piles up. Of long answers a relay has MaxLists and MaxLongPages on their way, to all its peers together; one that is not taken in AnswerPatience while others want the room ends its link. Stopping takes CloseTimeout, whoever does not read",
		parameters: "ReplyTimeout MaxLists MaxLongPages AnswerPatience CloseTimeout",
		tests:      "TestDeafListersHoldUpNobody TestAStopDoesNotWaitForTheDeaf",
	},
	{
		can:        "ask for lists all the time",
		by:         "one page is made at a time, in slices between which other requests have their turn; MaxLists on their way; one more waits for ListPatience, unread, and then gets a page of ShortList items, which takes a sixteenth of the work and 16 KiB at most: so a link has one page in ListPatience, however eager its peer, and a list that is honestly read comes to its end (`bench --only relay-load`)",
		parameters: "MaxLists ListPatience ShortList",
		tests:      "TestFewListsAreOnTheirWayAtOnce TestAListThatIsPutOffHasItsTurn TestAShortPageIsBoundedInBytes TestAListComesWhoeverAsksAndDoesNotRead",
	},
	{
		can:        "ask for many small files ahead",
		by:         "requests are read one at a time. Answers go out together while the next request is there: 60 KiB of them wait at most, and 5 ms for the file of that request; each is a file as it was hashed, or a refusal, in order",
		parameters: "none",
		tests:      "TestAnswersThatGoOutTogetherAreWholeAndInOrder TestSmallAnswersDoNotWaitForTheNextFile TestWhatIsReadWhileAFileChangesIsWhatItsHashSays",
	},
	{
		can:        "ask for content and not take it",
		by:         "MinProgress bytes in each ProgressTimeout; a body that is slower than TurnPace keeps nobody from a turn for longer than TurnGrace and what that takes",
		parameters: "MinProgress ProgressTimeout TurnPace TurnGrace",
		tests:      "TestAPeerThatTakesNothingIsLetGo TestBytesThatPassSetTheDeadlineAnew TestWhoeverDoesNotReadIsLetGo TestATurnThatIsTooSlowKeepsNobodyFromTheirs",
	},
	{
		can:        "ask for much content at once, over many links",
		by:         "MaxUploads bodies, half of them for one peer, which is an id, or an address or IPv6 /64; turns go round among peers; TurnPatience, and then ERROR(`busy`) (S28)",
		parameters: "MaxUploads TurnPatience",
		flags:      "--uploads",
		tests:      "TestAPeerWithManyLinksHasTheTurnsOfOneWithOne TestAPeerLeavesSomeTurnsToOthers TestABodyWhoseTurnDoesNotComeIsRefused TestAClientWithManyLinksKeepsNobodyOut",
	},
	{
		can:        "make up ids, and ask for much as each of them",
		by:         "a new peer comes behind those that wait; MaxLinksFrom of one address",
		parameters: "MaxLinksFrom",
		flags:      "--max-links-from",
		tests:      "TestNewPeersComeBehindThoseThatWait",
	},
	{
		can:        "wait for many turns",
		by:         "MaxTurnsWaiting; the last of the peer that has most of them is refused",
		parameters: "MaxTurnsWaiting",
		tests:      "TestOfTooManyThatWaitTheLastOfThePeerWithMostIsRefused",
	},
	{
		can:        "take all of a node's line",
		by:         "bytes a second for all, of which each peer has the same, and for each; without a bound by default; LeastUploadRate of each body at least, so that no client takes the node for dead",
		parameters: "LeastUploadRate",
		flags:      "--upload-rate --upload-rate-each",
		tests:      "TestBodiesAreSentAtTheRateOfTheNode TestSmallBodiesAreSentAtTheRateOfTheNode TestClientsOfOneNodeGetTheSame TestComingBackBringsNoMore",
	},
}
