package node_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

func TestAnUploadThatIsResetIsAsANewOne(t *testing.T) {
	rolestest.StartsOver(t, uploadSubject(), node.NewUpload, (*node.Upload).Reset, nil)
	rolestest.StartsOver(t, joinSubject(), node.NewUpload, (*node.Upload).Reset, nil)
}

func TestAMembershipThatIsResetIsAsANewOne(t *testing.T) {
	_, publishing := membershipSubjects()
	c := sharing(2)
	build, reset := func() *node.Membership { return node.NewMembership(c) }, func(m *node.Membership) { m.Reset(c) }
	rolestest.StartsOver(t, publishing, build, reset, nil)
	rolestest.StartsOver(t, awaitSubject(publishing), build, reset, nil)
}
