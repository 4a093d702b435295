package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/annotate"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
)

const (
	opening = "<!-- generated: "
	closing = "<!-- end -->"
)

// regions returns what belongs between the marks of SPEC.md, by their names.
func regions(top string) (map[string]string, error) {
	fixed, err := parameters(top + "/protocol/limits.go")
	if err != nil {
		return nil, err
	}
	chosen, err := parameters(top + "/roles/limits.go")
	if err != nil {
		return nil, err
	}
	values, err := valuesOf(top+"/protocol/limits.go", top+"/roles/limits.go")
	if err != nil {
		return nil, err
	}
	bounds, err := boundTable(values)
	if err != nil {
		return nil, err
	}
	all := map[string]string{
		"bounds":     bounds,
		"parameters": fixed, "choices": chosen, "kinds": kinds(), "codes": codes(), "fetch": wholeFetch(), "trips": trips(), "invisible": invisible(), "assigned": assigned(),
	}
	for _, m := range examples() {
		all["example "+m.Kind().String()] = fence("", annotate.Frame(protocol.Append(nil, m), m))
	}
	return all, errorOf(
		machine(all, relay.SessionTable()),
		machine(all, relay.ProbeTable()),
		machine(all, node.MembershipTable()),
		machine(all, node.RenewalTable()),
		machine(all, node.AwaitTable()),
		machine(all, node.UploadTable()),
		machine(all, client.FetchTable()),
		machine(all, client.QueryTable()),
		machine(all, client.WayTable()),
		machine(all, client.SourceTable()),
		machine(all, client.PipelineTable()),
		machine(all, client.ReaderTable()),
		machine(all, client.GatherTable()),
	)
}

func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// fill puts the regions between their marks. Each must have exactly one place.
func fill(text string, all map[string]string) (string, error) {
	var out strings.Builder
	missing := maps.Clone(all)
	for {
		before, rest, more := strings.Cut(text, opening)
		out.WriteString(before)
		if !more {
			break
		}
		name, rest, named := strings.Cut(rest, " -->\n")
		_, rest, closed := strings.Cut(rest, closing)
		body, known := missing[name]
		if !named || !closed || !known {
			return "", fmt.Errorf("the region %q is unknown, stands twice, or has no end", name)
		}
		delete(missing, name)
		out.WriteString(opening + name + " -->\n" + body + closing)
		text = rest
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("no place for the regions %v", slices.Sorted(maps.Keys(missing)))
	}
	return out.String(), nil
}

func fence(language, text string) string {
	return "```" + language + "\n" + strings.TrimRight(text, "\n") + "\n```\n"
}

// table writes a Markdown table.
func table(rows ...[]string) string {
	var out strings.Builder
	for i, row := range rows {
		for _, cell := range row {
			out.WriteString("| " + strings.ReplaceAll(cell, "|", "\\|") + " ")
		}
		out.WriteString("|\n")
		if i == 0 {
			out.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return out.String()
}

func kinds() string {
	rows := [][]string{{"kind", "name", "sent by", "payload at most", "says"}}
	for _, k := range protocol.Kinds {
		rows = append(rows, []string{fmt.Sprintf("0x%02x", uint8(k.Kind)), k.Name, k.From, fmt.Sprint(k.Limit), k.Says})
	}
	return table(rows...)
}

func codes() string {
	travel := [][]string{{"number", "name", "means", "ends the link"}}
	local := [][]string{{"name", "means"}}
	for _, c := range protocol.Codes {
		if !c.Code.Travels() {
			local = append(local, []string{"`" + c.Name + "`", c.Means})
			continue
		}
		ends := "no"
		if c.Closes {
			ends = "yes"
		}
		travel = append(travel, []string{fmt.Sprint(uint16(c.Code)), "`" + c.Name + "`", c.Means, ends})
	}
	return table(travel...) + "\nThese are what one side notices by itself. They show in reports and logs, and never travel:\n\n" + table(local...)
}
