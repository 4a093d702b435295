// Package state is what a program keeps between its runs: in its state folder keys, and the relays that
// it knows; in files beside the owner's, who may use a closed relay.
//
//	folder, err := state.Open(dir)         // "" is the user's; ErrNoFolder: there is none to be had
//	key, lock, err := folder.LockedKey("relay")
//	known, is, err := folder.KnownRelays().Find("relay.example:4000")
//	admission, err := state.OpenAdmission("friends")
//
// All of it fails closed: a file that is damaged, or that others could have changed, is an error
// that says which file and how to mend it. It is never taken for none, and never replaced.
//
// A process that is killed at any moment leaves what was there before or what was to be there.
package state
