package web

import (
	"fmt"
	"html/template"
	"reflect"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
)

// functions returns the functions that templates have besides those of html/template:
//
//	path "files" .Name         the link to a page: see Path
//	query (path "x") "q" .Q    a link with parameters: see Query
//	asset "style.css"          the link to a file of Assets
//	shown .Text                a peer's text without invisible characters: see Shown
//	name .Name                 the same, isolated so that it cannot turn the text around it
//	short .ID                  the beginning of a hash or an id
//	bytes .Size                1.5 MiB
//	rate .BytesPerSecond       1.5 MiB/s
//	count .Number              1,000,000
//	plural .N "node" "nodes"   1 node; 2,000 nodes
//	percent .Done .Size        0 to 100
//	date .Time, stamp .Time    2026-11-28 04:13 UTC; the form of RFC 3339
func functions(base string) template.FuncMap {
	return template.FuncMap{
		"path":  func(elem ...string) string { return pathBelow(base, elem) },
		"query": Query,
		"asset": func(name string) string { return pathBelow(base, []string{assetPath(name)}) },
		"shown": func(text any) string { return Shown(fmt.Sprint(text)) },
		"name":  nameElement,
		"short": short,
		"bytes": func(n any) (string, error) { return withNumber(n, cli.Bytes) },
		"rate": func(n any) (string, error) {
			return withNumber(n, func(n uint64) string { return cli.Bytes(n) + "/s" })
		},
		"count":   func(n any) (string, error) { return withNumber(n, cli.Grouped[uint64]) },
		"plural":  plural,
		"percent": percent,
		"date":    date,
		"stamp":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}
}

// maxShown is the most bytes of one text that a page shows.
const maxShown = 4096

// Shown makes a text that may come from a peer fit to be shown: control characters, and those that
// are invisible or turn the direction of the text around, become question marks. It is not escaped:
// templates do that.
func Shown(text string) string { return protocol.Printable(text, maxShown) }

// nameElement isolates a name: in an element of its own its direction does not reach beyond it.
func nameElement(text any) template.HTML {
	return template.HTML("<bdi>" + template.HTMLEscapeString(Shown(fmt.Sprint(text))) + "</bdi>")
}

// shortLength is how many characters of a hash or an id are shown where there is little room.
const shortLength = 12

func short(text any) string {
	all := Shown(fmt.Sprint(text))
	return all[:min(len(all), shortLength)]
}

// withNumber shows a number of any type; one below zero counts as zero.
func withNumber(n any, show func(uint64) string) (string, error) {
	value, err := number(n)
	if err != nil {
		return "", err
	}
	return show(value), nil
}

func number(n any) (uint64, error) {
	switch value := reflect.ValueOf(n); {
	case value.CanInt():
		return uint64(max(0, value.Int())), nil
	case value.CanUint():
		return value.Uint(), nil
	case value.CanFloat():
		return uint64(max(0, value.Float())), nil
	}
	return 0, fmt.Errorf("%v is no number", n)
}

func plural(n any, one, many string) (string, error) {
	return withNumber(n, func(n uint64) string {
		if n == 1 {
			return "1 " + one
		}
		return cli.Grouped(n) + " " + many
	})
}

func percent(done, size any) (int, error) {
	d, err := number(done)
	if err != nil {
		return 0, err
	}
	s, err := number(size)
	return cli.Percent(d, s), err
}

func date(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}
