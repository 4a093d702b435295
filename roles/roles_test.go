package roles_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
)

func TestTablesAreSound(t *testing.T) {
	for name, check := range map[string]func() error{
		"relay.Session":   relay.SessionTable().Check,
		"node.Upload":     node.UploadTable().Check,
		"node.Membership": node.MembershipTable().Check,
		"client.Fetch":    client.FetchTable().Check,
		"client.Query":    client.QueryTable().Check,
		"client.Source":   client.SourceTable().Check,
		"client.Pipeline": client.PipelineTable().Check,
	} {
		if err := check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
