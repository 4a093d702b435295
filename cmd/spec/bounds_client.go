package main

// clientBounds are about what a relay or a node can do to those who ask it, and what any peer can say of itself.
var clientBounds = []bound{
	{
		can:        "(a relay) list endlessly",
		by:         "MaxWalk peers, and MaxEmptyPages pages that name none that is new, for each fetch; MaxLeases peers, MaxIndex names, MeanName bytes for each of these and MaxPages pages in one answer. What a client sorts beyond 4 MiB lies in a temporary file without a name; names that are fetched at once are bounded by number and bytes",
		parameters: "MaxWalk MaxEmptyPages MaxLeases MaxIndex MeanName MaxPages",
		tests:      "TestAnAnswerOfMoreThanThereCanBeIsLeft TestAWalkEndsAtItsBound TestContentsOfOneNameHaveABound TestARelayWithoutAnEndIsLeft TestLongListsTakeConstantMemory TestAnEndlessListTakesConstantMemory",
	},
	{
		can:        "(a relay) ask to be renewed at once, or to be left alone for ever",
		by:         "RenewLeast; MaxWait",
		parameters: "RenewLeast MaxWait",
		tests:      "TestAHastyRelayIsNotFollowedBelowASecond TestAWishToWaitForEverIsCut",
	},
	{
		can:        "(a relay) ask for the whole index again and again",
		by:         "MaxResyncs pages in one exchange after which the relay holds no more than before; then not until the next renewal",
		parameters: "MaxResyncs",
		tests:      "TestARelayThatNeverHoldsAnythingIsGivenUp TestARelayThatAnswersAtRandomIsGivenUp",
	},
	{
		can:   "(a relay) list addresses of others",
		by:    "a client connects, sends one request, and goes away: one small message for each listing",
		tests: "TestANodeAtAnothersAddressIsNotAsked TestAStrangersAddressCostsHimOneSmallRequest",
	},
	{
		can:   "(a node) send wrong bytes",
		by:    "each group is verified before it is used; the node loses the link with ERROR(`bad-hash`) and is not asked again for this file. It costs one group of a node that has not proved itself, and of one that has no more than it has delivered (S26). Small files that have come together are hashed together, and each is judged by itself",
		tests: "TestANodeIsAskedForMoreAsItProvesItself TestALiarAmongManySmallFilesIsFound TestWhatIsForeseenIsWhatComes",
	},
	{
		can:   "(a node) send another file than was meant",
		by:    "the hash is what is fetched, whoever sends it. Which content goes by a name is the first node's word, unless the user says the hash",
		tests: "TestAWrongByteIsNeverDelivered",
	},
	{
		can:   "(a node) claim a wrong size",
		by:    "nothing is set aside by it; the last group does not verify, and of a size of 0 the hash",
		tests: "TestAClaimedSizeIsNotBelieved TestAClaimedSizeAllocatesNothing TestAnEmptyFileWhoseHashIsNotThatOfNoBytesIsRefused",
	},
	{
		can:   "(a node) send a wrong tree",
		by:    "the hash does not vouch for it: ERROR(`bad-hash`)",
		tests: "TestATreeThatItsHashDoesNotVouchForIsRefused",
	},
	{
		can:        "(a node, or a relay) be busy for ever, or ask to be left alone for a day",
		by:         "it is left alone for RetryMost at most, and asked MaxBusyVisits times, or MaxBusy times, in a row; others are asked meanwhile (S29)",
		parameters: "RetryMost MaxBusyVisits MaxBusy",
		tests:      "TestABusyNodeIsAskedAgain TestANodeThatAsksForMoreIsLeftAloneForMore TestOthersAreAskedWhileANodeIsBusy",
	},
	{
		can:        "(a node) be hashing for ever",
		by:         "HASHING that does not get on does not set a deadline anew, and there are HashingParts steps at most; no verified group within GroupPatience, and others are asked beside the node or in its place, which comes back last",
		parameters: "HashingParts GroupPatience",
		tests:      "TestNobodyIsKeptFromANodeThatDelivers TestNobodyCanHashForEver",
	},
	{
		can:        "(a node) be publishing or indexing for ever",
		by:         "nobody waits for it unless told to (`--wait`), and then for a bounded time in all; names that other nodes have are fetched meanwhile",
		flags:      "--wait",
		parameters: "none",
		tests:      "TestWaitingEnds TestANameThatANodeHasIsNotWaitedFor",
	},
	{
		can:        "(a relay) be young for ever",
		by:         "the same bound; what is there is fetched and listed all the time",
		flags:      "--wait",
		parameters: "none",
		tests:      "TestWaitingEnds TestARelayThatWasKilledIsYoung",
	},
	{
		can:        "(a node) trickle",
		by:         "MinProgress bytes in each ProgressTimeout; bytes are no group: GroupPatience holds here as well",
		parameters: "MinProgress ProgressTimeout GroupPatience",
		tests:      "TestNobodyIsKeptFromANodeThatDelivers",
	},
	{
		can:   "(a node) publish a name that is a folder of others, or that differs from another's in case",
		by:    "it hides nothing of more nodes, and nothing on disks that can have both",
		tests: "TestAFileOfOneNodeDoesNotHideAFolder TestNamesThatDifferInCaseComeBoth TestTwoNamesOfOnePlaceKeepTheFirst",
	},
	{
		can:   "(a node) publish `.bashrc` and `.ssh/authorized_keys`",
		by:    "the client takes hidden names by patterns and folders only where the dot is written out, or told to",
		flags: "--hidden",
		tests: "TestAStrangersHiddenFilesAreNotFetchedUnasked",
	},
	{
		can:        "(nodes) have many files that they never deliver",
		by:         "FetchPatience, and then they come last",
		parameters: "FetchPatience",
		tests:      "TestFilesOfNodesThatHashForEverKeepNoOtherWaiting",
	},
	{
		can:        "(a node) be slow to be dead",
		by:         "DialTimeout for each; DialPatience where several may be asked",
		parameters: "DialTimeout DialPatience",
		tests:      "TestAStalledDialIsGivenUpInTime TestADeadNodeCostsASecond",
	},
	{
		can:        "(a node) end its links again and again",
		by:         "each link but one has to bring a group that was missing; of many visits to a node the client remembers two",
		parameters: "none",
		tests:      "TestABrokenLinkIsMadeAgain TestABrokenLinkForManyIsMadeAgain TestANodeThatIsVisitedForEachGroupIsRememberedAFewTimes TestFewVisitsOfEachNodeSayAsMuchAsAll",
	},
	{
		can:        "(a relay) end its links again and again",
		by:         "each link of a question but one has to bring a page, and MaxPages bounds these; a node makes one link more in an exchange",
		parameters: "MaxPages",
		tests:      "TestABrokenLinkToTheRelayIsMadeAgain TestALinkToTheRelayThatBreaksIsMadeAgain",
	},
	{
		can:        "(a node, or a relay) never end its side of a link",
		by:         "CloseTimeout, while which the client asks others, and MaxClosing such links of a fetch",
		parameters: "CloseTimeout MaxClosing",
		tests:      "TestLinksCloseWhileOthersAreAsked TestNodesThatDoNotEndTheirLinksHoldNobodyUp",
	},
	{
		can:        "have an address that leads nowhere",
		by:         "it is dialed beside the exchange, once in 16 renewals in the end; no wait of anybody depends on it",
		parameters: "none",
		tests:      "TestAFamilyThatLeadsNowhereCostsNothing",
	},
	{
		can:        "have addresses that are silent",
		by:         "16 addresses of a host are tried, each beside the one before it after 250 ms, or sooner so that DialTimeout is enough for all",
		parameters: "DialTimeout",
		tests:      "TestADialTriesTheAddressesThatItNames TestANameHasSeveralAddresses",
	},
	{
		can:   "(a node) say any time and any mode of a file",
		by:    "times from 1970 to 2242 are set, and the executable bit as the umask lets it; no other bit travels",
		tests: "TestTimesHaveBounds TestTimesThatCanBeSaidAreThoseFrom1970To2242 TestFilesGetTheirAttributes",
	},
	{
		can:        "(a node) publish any date of a file",
		by:         "a date from 2242 on spoils its entry, as one from a relay spoils its item; the relay tells it as long as that node has the file and nobody has published a newer one; nothing is fetched or set by it",
		parameters: "MaxModified",
		tests:      "TestVectors TestADateIsThatOfTheLastNodeThatHasTheFile",
	},
	{
		can:   "write control characters into a text, a name or a file",
		by:    "names have none; texts are made safe before they are shown; content with control characters is not printed to a terminal unasked",
		tests: "TestWhatAPeerWroteIsMadeSafeToShow TestNobodyForgesALine TestATerminalIsSparedCommandsHoweverTheContentIsCut",
	},
}
