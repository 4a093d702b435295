// Package disk is where files lie. Package share serves the files of a folder, package store writes those that are
// fetched, package index keeps the hashes of the first. Here is what the three agree on: how a file is called while it is
// not whole, when a file's times say which content it has, and how a failure of the system is told.
//
// Names from the network reach the file system in these packages only, through [os.Root].
package disk
