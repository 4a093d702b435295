// Package disk holds what its packages agree on. Package share serves the files of a folder, package
// store writes files that are fetched, package index keeps hashes between runs, package state keeps keys
// and known relays, package groups caches pieces of files that are read. They agree on the names of unfinished files, on when a file's times identify its
// content, on what becomes a hole, and on how a failure of the system is worded.
//
// Names from the network reach the file system in these packages only, through [os.Root].
package disk
