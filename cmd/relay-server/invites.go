package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

func newInvites() *cobra.Command {
	var admit string
	command := cli.New("relay-server invites --admit FILE", "List the invites to a closed relay, and who may use it",
		"relay-server invites lists who may use a closed relay, one line each, with a tab between fields:\n\n"+
			"  invite  TOKEN ROLE LEFT EXPIRES STATE NAME   LEFT of its uses; STATE is good, expired, used-up or revoked\n"+
			"  member  ID ROLE SINCE STATE NAME TOKEN FROM  by the token, at the address; STATE is good or revoked\n"+
			"  listed  ID ROLE - STATE NAME                 by the owner's file",
		cli.Arguments(1, 1), func(c *cobra.Command, _ []string) error { return tellInvites(c, admit) })
	admitFlag(command, &admit)
	return command
}

// admitted is all that the files of a closed relay say.
type admitted struct {
	listed  []state.Listed
	tokens  []state.Token
	members []state.Member
	revoked []state.Revocation
}

func readAdmitted(files state.AdmitFiles) (all admitted, err error) {
	var errs [4]error
	all.listed, errs[0] = files.Listed()
	all.tokens, errs[1] = files.Tokens()
	all.members, errs[2] = files.Members()
	all.revoked, errs[3] = files.Revoked()
	return all, errors.Join(errs[:]...)
}

func tellInvites(c *cobra.Command, admit string) error {
	files, err := admitFiles(admit)
	if err != nil {
		return err
	}
	all, err := readAdmitted(files)
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	if cli.IsClosed(out) {
		return &cli.Failure{Code: cli.ExitFailure, Text: "standard output is closed"}
	}
	if !cli.IsTerminal(out) {
		return all.tell(out)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	return errors.Join(all.tell(table), table.Flush())
}

// tell writes one line for each invite and each peer that is or was admitted.
func (a *admitted) tell(out io.Writer) (err error) {
	line := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(out, format+"\n", args...)
		}
	}
	used := state.UsesBy(a.members)
	barred, void := state.Revoked(a.revoked)
	for _, t := range a.tokens {
		left := max(0, t.Uses-len(used[t.ID]))
		how := "good"
		switch {
		case void[t.ID]:
			how = "revoked"
		case left == 0:
			how = "used-up"
		case !time.Now().Before(t.Expires):
			how = "expired"
		}
		line("invite\t%s\t%s\t%d\t%s\t%s\t%s", t.ID, t.Role, left, t.Expires.Format(time.RFC3339), how, t.Name)
	}
	for _, m := range a.members {
		line("member\t%s\t%s\t%s\t%s\t%s\t%s\t%s", m.ID, m.Role, m.Date.Format(time.RFC3339), standing(barred[m.ID]), m.Name, m.Token, m.From)
	}
	for _, l := range a.listed {
		line("listed\t%s\t%s\t-\t%s\t%s", l.ID, l.Role, standing(barred[l.ID]), l.Name)
	}
	return err
}

// standing returns how it stands with a peer.
func standing(barred bool) string {
	if barred {
		return "revoked"
	}
	return "good"
}
