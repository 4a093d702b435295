package node_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

func TestAnUploadThatIsResetIsAsANewOne(t *testing.T) {
	rolestest.StartsOver(t, uploadSubject(), node.NewUpload, (*node.Upload).Reset, nil)
}

func TestAMembershipThatIsResetIsAsANewOne(t *testing.T) {
	_, publishing := membershipSubjects()
	c := sharing(2)
	rolestest.StartsOver(t, publishing, func() *node.Membership { return node.NewMembership(c) }, func(m *node.Membership) { m.Reset(c) }, nil)
}
