package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// subcommands are those beside the one that serves.
func subcommands() []cli.Subcommand {
	any := func([]string) bool { return true }
	return []cli.Subcommand{id(), {Name: "invite", Fits: any, New: newInvite}, {Name: "invites", Fits: any, New: newInvites}, {Name: "revoke", Fits: any, New: newRevoke}}
}

// admitFlag gives a subcommand the flag --admit, which it needs.
func admitFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "admit", "", "the `FILE` that says who may use the relay, as the relay has it (needed)")
}

// admitFiles returns the files beside the one of --admit.
func admitFiles(path string) (state.AdmitFiles, error) {
	if path == "" {
		return state.AdmitFiles{}, cli.Usage("--admit FILE is needed: it says who may use the relay")
	}
	return state.AdmitAt(path)
}

// invitation is what an invite is to be.
type invitation struct {
	admit, dir string
	role, name string
	uses       int
	last       time.Duration
}

const (
	usualLast = 24 * time.Hour
	mostLast  = 10 * 365 * 24 * time.Hour
)

func newInvite() *cobra.Command {
	var i invitation
	command := cli.New("relay-server invite --admit FILE [flags] <relay-host:port> [more]", "Make an invite to a closed relay",
		"relay-server invite prints an invite, one word that stands wherever peer-node and peer-client take a relay's host and\n"+
			"port. It leads to this relay at the addresses that are given, the first that answers, and admits those who have it as\n"+
			"often as --uses says. They stay admitted when it has expired. The relay may run meanwhile.\n\n"+
			"An invite is a secret until it is used up.",
		cli.Arguments(2, 1+protocol.MaxAddresses), func(c *cobra.Command, args []string) error { return i.invite(c, args[1:]) })
	flags := command.Flags()
	admitFlag(command, &i.admit)
	flags.StringVar(&i.dir, "state", "", cli.StateUsage)
	flags.StringVar(&i.role, "role", protocol.BothRoles.String(), "node (shares files, and may ask as well), client (asks, and shares nothing) or both")
	flags.IntVar(&i.uses, "uses", 1, "how many keys it admits: one for each folder that a node shares, one for each client's state folder")
	flags.DurationVar(&i.last, "for", usualLast, "how long it can be used")
	flags.StringVar(&i.name, "name", "", "a `WORD` for those whom it admits, by which they can be revoked")
	return command
}

func (i *invitation) invite(c *cobra.Command, addresses []string) error {
	role, is := protocol.ParseRole(i.role)
	switch {
	case !is:
		return cli.Usage("--role: %q is not node, client or both", cli.ForDisplay(i.role))
	case i.uses < 1 || i.uses > state.MaxUses:
		return cli.Usage("--uses: 1 to %d", state.MaxUses)
	case i.last < time.Second || i.last > mostLast:
		return cli.Usage("--for: 1s to %v", mostLast)
	case i.name != "" && state.CheckName(i.name) != nil || i.name == state.NoName:
		return cli.Usage("--name: a name is one word")
	case i.dir == "-":
		return cli.Usage("--state -: a key that is kept nowhere has no id before the relay runs")
	}
	files, err := admitFiles(i.admit)
	if err != nil {
		return err
	}
	if addresses, err = normal(addresses); err != nil {
		return err
	}
	relay, err := relayID(i.dir)
	if err != nil {
		return err
	}
	if made, err := files.Create(); err != nil {
		return err
	} else if made {
		fmt.Fprintf(c.ErrOrStderr(), "%s is made, for relay-server --admit\n", files.Path())
	}
	invite, err := files.NewInvite(addresses, relay, role, i.uses, time.Now().Add(i.last), i.name)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "token %s admits %s (%s) until %s; whoever has the invite can use it\n",
		invite.Token, cli.Count(i.uses, "key", "keys"), role, invite.Until().Format(time.DateTime))
	_, err = fmt.Fprintln(c.OutOrStdout(), invite)
	return err
}

// normal returns the addresses of an invite in their one form. A host and its port may be two arguments.
func normal(addresses []string) ([]string, error) {
	if len(addresses) == 2 {
		if address, err := cli.ParseRelay(addresses[0], addresses[1]); err == nil {
			addresses = []string{address}
		}
	}
	all := make([]string, len(addresses))
	for n, address := range addresses {
		if _, err := cli.ParseHostPort(address); err != nil {
			return nil, err
		}
		var err error
		if all[n], err = protocol.NormalAddress(address); err != nil {
			return nil, cli.Usage("%v", err)
		}
	}
	return all, nil
}

// relayID returns the id of the relay that has a state folder.
func relayID(dir string) (protocol.PeerID, error) {
	folder, err := state.Open(dir)
	if err != nil {
		return protocol.PeerID{}, err
	}
	key, err := folder.Key(state.RelayKey)
	if err != nil {
		return protocol.PeerID{}, err
	}
	return state.IDOf(key), nil
}

func newRevoke() *cobra.Command {
	var admit string
	command := cli.New("relay-server revoke --admit FILE <id|token|name>", "End what somebody may do at a closed relay",
		"relay-server revoke ends what an id may do at a closed relay, or what a token admits, or both for all ids and tokens of\n"+
			"a name. It prints what is revoked. Those whom a revoked token has admitted stay: relay-server invites says who they\n"+
			"are. The relay may run meanwhile, and notices it within seconds. An id that is revoked stays so, whatever else\n"+
			"admits it, until somebody takes its line out of FILE.revoked.",
		cli.Arguments(2, 2), func(c *cobra.Command, args []string) error { return revoke(c, admit, args[1]) })
	admitFlag(command, &admit)
	return command
}

func revoke(c *cobra.Command, admit, what string) error {
	files, err := admitFiles(admit)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for { // who enters meanwhile, with an invite of that name, is found the next time
		all, err := revocations(files, what)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(one state.Revocation) bool { return done[one.String()] })
		if len(all) == 0 {
			break
		}
		if err := files.Revoke(all); err != nil {
			return err
		}
		for _, one := range all {
			done[one.String()] = true
			if _, err := fmt.Fprintln(c.OutOrStdout(), one); err != nil {
				return err
			}
		}
	}
	if len(done) == 0 {
		return &cli.Failure{Code: cli.ExitFailure, Text: fmt.Sprintf("%q is no id, and no token or name that is known here", cli.ForDisplay(what))}
	}
	return nil
}

// revocations returns what is to be revoked: an id, known or not; a token; or all that a name has.
func revocations(files state.AdmitFiles, what string) (all []state.Revocation, err error) {
	now := time.Now()
	if id, err := protocol.ParsePeerID(what); err == nil {
		return []state.Revocation{{ID: id, Date: now}}, nil
	}
	tokens, err := files.Tokens()
	if err != nil {
		return nil, err
	}
	if what == state.NoName {
		return nil, nil
	}
	token, is := protocol.ParseTokenID(what)
	for _, one := range tokens {
		if is && one.ID == token || one.Name == what { // a name may look like a token
			all = append(all, state.Revocation{Token: one.ID, Date: now})
		}
	}
	members, failed := files.Members()
	listed, err := files.Listed()
	if err := errors.Join(failed, err); err != nil {
		return nil, err
	}
	had := map[protocol.PeerID]bool{}
	named := func(id protocol.PeerID, name string) {
		if name == what && !had[id] {
			had[id] = true
			all = append(all, state.Revocation{ID: id, Date: now})
		}
	}
	for _, one := range members {
		named(one.ID, one.Name)
	}
	for _, one := range listed {
		named(one.ID, one.Name)
	}
	return all, nil
}
