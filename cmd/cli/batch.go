package cli

// MoveMuch has the scheduler let whoever runs finish a turn before a thread of this process, which has just been woken,
// takes the processor (SCHED_BATCH of sched(7)). Two programs that move much from one to the other wake each other
// all the time, and would interrupt each other as often; so would a node in the background whoever works at the
// machine. It is to be called before there are many threads, does nothing where the user has chosen another policy, and
// nothing on systems without one.
func MoveMuch() { moveMuch() }
