package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// inspected prefers the content of which an earlier try left groups, unless the request names
// another one. No other content takes its place while a node may have it.
func (f *Fetch) inspected(in roles.StoreInspected) {
	if !f.core.Can(fetchInspected) {
		return
	}
	if !in.Hash.IsZero() && (f.request.Hash.IsZero() || f.request.Hash == in.Hash) {
		f.prefer = Identity{in.Hash, in.Size}
		f.picker.Fix(f.prefer)
		f.contents = append(f.contents, known{Variant: Variant{Identity: f.prefer}, tried: true})
	}
	f.core.Fire(fetchInspected)
}

// learned opens the store once the content is known.
func (f *Fetch) learned(l Learned) {
	is, _ := f.picker.Identity()
	f.remember(is, l.Node, true)
	if f.State() == FetchSeeking {
		f.core.Fire(fetchContentKnown)
		f.checked, f.about = 0, l.Attributes
		f.core.Do(roles.OpenStore{Item: f.item, Name: f.request.Name, Hash: is.Hash, Size: is.Size})
	}
}

func (f *Fetch) storeChecking(in roles.StoreChecking) {
	if !f.core.Can(fetchStoreChecked) {
		return
	}
	if in.Done > f.checked {
		f.checked = in.Done
		f.core.Fire(fetchStoreChecked)
	} else {
		f.core.Fire(fetchStoreStuck)
	}
	f.core.Do(roles.Report{Outcome: Checking{in.Done, in.Size}})
}

func (f *Fetch) storeReady(in roles.StoreReady) {
	if !f.core.Can(fetchStoreOpened) {
		return
	}
	f.picker.Open(in.Has)
	f.result.Kept = f.picker.kept()
	is, _ := f.picker.Identity()
	if f.picker.Done() {
		f.core.Fire(fetchStoreComplete)
	} else {
		f.core.Fire(fetchStoreOpened)
	}
	f.core.Do(roles.Report{Outcome: Begun{is, f.result.Kept, in.Other}})
}

func (f *Fetch) storeFailed(at roles.Moment, err error) {
	if f.core.Can(fetchStoreFailed) {
		f.result.Cause = err
		f.fail(at, fetchStoreFailed, DiskFailed, protocol.Disk, err.Error())
	}
}

// commit asks the store to make the content durable.
func (f *Fetch) commit() {
	is, _ := f.picker.Identity()
	f.core.Do(roles.CommitStore{Items: []roles.Placement{{Item: f.item, Size: is.Size, Attributes: f.about}}})
}

func (f *Fetch) committed(at roles.Moment, in roles.StoreCommitted) {
	if !f.core.Can(fetchCommitted) {
		return
	}
	for _, placed := range in.Items {
		if placed.Err != nil {
			f.storeFailed(at, placed.Err)
			return
		}
	}
	f.core.Fire(fetchCommitted)
	f.result.Outcome = Fetched
}
