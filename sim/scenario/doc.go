// Package scenario says what a run of package sim is: which hosts there are, which files they have, what users do and
// what goes wrong.
//
// A [Scenario] is data. [Draw] draws one from a [Chooser], [Scenario.Plan] writes it as text and [Parse] reads that
// back, [Shrink] leaves out of it what a failure does not need. [Classes] is the table of faults; [NodeLies],
// [RelayLies], [Staged] and [Attacks] list the ways in which peers break the protocol. Nothing here runs anything.
package scenario
