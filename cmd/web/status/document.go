package status

import (
	"net/url"
	"reflect"
	"strings"
	"time"
)

// key is a key of an answer.
type key struct {
	Name  string // with those above it: listed.since; of each one of a list: nodes[].id
	Type  string
	Unit  string
	About string
	Empty bool // it is left out where it is empty
}

// keysOf returns the keys of an answer's type, as its fields' tags document them.
func keysOf(shape any) []key { return keysBelow("", reflect.TypeOf(shape)) }

func keysBelow(above string, t reflect.Type) (all []key) {
	for n := range t.NumField() {
		field := t.Field(n)
		if field.Anonymous {
			all = append(all, keysBelow(above, field.Type)...)
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		k := key{Name: above + name, Unit: field.Tag.Get("unit"), About: field.Tag.Get("doc"), Empty: strings.HasPrefix(options, "omit")}
		var inner reflect.Type
		k.Type, inner = typeOf(field.Type)
		all = append(all, k)
		if inner != nil {
			below := k.Name + "."
			if k.Type == "list" {
				below = k.Name + "[]."
			}
			all = append(all, keysBelow(below, inner)...)
		}
	}
	return all
}

// typeOf returns the name of a type in the document, and the type of the objects that it consists of.
func typeOf(t reflect.Type) (name string, inner reflect.Type) {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time", nil
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		return typeOf(t.Elem())
	case t.Kind() == reflect.Pointer:
		name, _ = typeOf(t.Elem())
		return name + " or null", nil
	case t.Kind() == reflect.Struct:
		return "object", t
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "list", t.Elem()
	case t.Kind() == reflect.Slice:
		name, _ = typeOf(t.Elem())
		return "list of " + name, nil
	case t.Kind() == reflect.Map:
		return "object of numbers", nil
	case t.Kind() == reflect.Bool:
		return "true or false", nil
	case t.Kind() == reflect.String:
		return "text", nil
	}
	return "number", nil
}

// askLook is a part of the API as its page shows it.
type askLook struct {
	endpoint
	Keys []key
}

// apiPage is the page that documents the API of the program.
func (s *site) apiPage() *page {
	return &page{path: "api", title: "API", link: "API", sections: []section{{id: "api", template: "api", still: true}},
		load: func(url.Values) (any, *problem) {
			return each(s.asks, func(a ask) askLook { return askLook{endpoint{a.path, a.about, a.parameters}, keysOf(a.shape)} }), nil
		}}
}
