package roles_test

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// wired are the rooms that carry machines: the library over a network, the simulation in its world.
var wired = []string{library, "sim", "sim/scale"}

// alone are the uses of a machine's constructor elsewhere, each with the reason why package peer
// does not do there.
var alone = map[string]string{
	"cmd/spec/fetch.go relay.NewSession":          "SPEC's example is told by the machines, without a network",
	"cmd/spec/fetch.go node.NewUpload":            "as above",
	"cmd/spec/fetch.go node.NewMembership":        "as above",
	"cmd/spec/fetch.go client.NewFetch":           "as above",
	"sim/levels/sockets_test.go relay.NewSession": "a planted bug is in the machine",
	"transport/loop_test.go node.NewMembership":   "Loop.Run is told to stop, or is cut",
	"transport/loop_test.go relay.NewSession":     "Loop.Serve carries one link",
	"transport/missing_test.go client.NewFetch":   "a Loop without a Network; one that is cut",
	"transport/missing_test.go node.NewUpload":    "a Loop without a Share",
}

// constructors returns the constructors of the machines of roles, as package.NewMachine.
func constructors(all []source) (found []string) {
	for _, s := range all {
		if path.Dir(path.Dir(s.path)) != "roles" || strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		for _, declared := range s.tree.Decls {
			method, is := declared.(*ast.FuncDecl)
			if !is || method.Recv == nil || method.Name.Name != "Step" {
				continue
			}
			if of, is := method.Recv.List[0].Type.(*ast.StarExpr); is {
				found = append(found, s.tree.Name.Name+".New"+of.X.(*ast.Ident).Name)
			}
		}
	}
	return found
}

// TestTheRolesAreWiredOnce: machines are made by the library and by the simulation. A test of a loop
// makes one machine for it, and no other part of the project makes any.
func TestTheRolesAreWiredOnce(t *testing.T) {
	all := parsed(t, true)
	machines := constructors(all)
	for _, must := range []string{"relay.NewSession", "node.NewUpload", "node.NewMembership", "client.NewFetch", "client.NewPipeline", "client.NewQuery", "client.NewGather"} {
		if !slices.Contains(machines, must) {
			t.Fatalf("%s was not found among the constructors %v", must, machines)
		}
	}
	seen := map[string]bool{}
	for _, s := range all {
		if s.floor() == "roles" {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			named, is := n.(*ast.SelectorExpr)
			if !is {
				return true
			}
			of, is := named.X.(*ast.Ident)
			if !is || !slices.Contains(machines, of.Name+"."+named.Sel.Name) || !slices.Contains(s.imports, module+"roles/"+of.Name) {
				return true
			}
			switch use := s.path + " " + of.Name + "." + named.Sel.Name; {
			case slices.ContainsFunc(wired, s.isIn):
				seen[path.Dir(s.path)] = true
			case alone[use] != "":
				seen[use] = true
			default:
				t.Errorf("%s: package peer wires the machines", use)
			}
			return true
		})
	}
	for _, room := range wired {
		if !seen[room] {
			t.Errorf("%s makes no machine", room)
		}
	}
	for use := range alone {
		if !seen[use] {
			t.Errorf("%s is not so any more", use)
		}
	}
}
