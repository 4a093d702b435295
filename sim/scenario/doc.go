// Package scenario describes a run of package sim: the hosts, their files, the operations of their
// users, and the faults.
//
// A [Scenario] is data. [Draw] draws one from a [Chooser]; [Scenario.Plan] writes it as text and
// [Parse] reads the text back; [Shrink] removes everything that a failure does not need. [Classes]
// is the table of faults. [NodeLies], [RelayLies], [Staged] and [Attacks] list the ways in which
// peers break the protocol. Nothing in this package runs a scenario.
package scenario
