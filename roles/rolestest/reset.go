package rolestest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/roles"
)

// StartsOver drives machines with drawn inputs that their effects may lead to, resets them anywhere
// in between, and fails unless each field of the machine is then that of a new one. A machine may
// keep other machines for later: those are compared with spare, a new one of theirs.
func StartsOver[M Explorable](t *testing.T, s Subject, build func() M, reset func(M), spare any) {
	t.Helper()
	Check(t, 100, func(r *rapid.T) {
		s.New, s.Done = func() Explorable { return build() }, nil
		x := &explorer{Subject: s, t: t, visits: map[string]int{}, fired: map[string]bool{}, refused: map[string]bool{}}
		w := x.walk(nil)
		var path []roles.Input
		for range rapid.IntRange(1, 40).Draw(r, "inputs") {
			if w.machine.Final() {
				break
			}
			in := rapid.SampledFrom(x.inputs(w)).Draw(r, "input")
			w.last = w.last[max(0, len(w.last)-1):]
			x.step(w, rapid.Uint64().Draw(r, "random"), in, path)
			path = append(path, in)
		}
		reset(w.machine.(M))
		c := comparison{spare: reflect.ValueOf(spare)}
		c.compare("machine", reflect.ValueOf(w.machine), reflect.ValueOf(build()))
		if len(c.differ) > 0 {
			r.Fatalf("after %s\nReset leaves\n  %s", showAll(path), strings.Join(c.differ, "\n  "))
		}
	})
}

// comparison finds the fields in which a machine differs from a new one.
type comparison struct {
	spare   reflect.Value
	surplus bool // it is comparing a machine that is kept for later
	differ  []string
}

// kept are the fields of a roles.Core that outlive a reset: an outdated timer must not have the
// number of a new one. A machine that is kept for later gets its link and timer when it is used.
func (c *comparison) kept(of reflect.Type, field string) bool {
	return strings.HasPrefix(of.Name(), "Core[") && (field == "number" || c.surplus && (field == "link" || field == "timer"))
}

func (c *comparison) compare(path string, reused, fresh reflect.Value) {
	switch reused.Kind() {
	case reflect.Pointer, reflect.Interface:
		switch {
		case reused.IsNil() != fresh.IsNil():
			c.differs(path, reused, fresh)
		case reused.IsNil(), reused.Kind() == reflect.Pointer && reused.Pointer() == fresh.Pointer():
		case reused.Elem().Type() != fresh.Elem().Type():
			c.differs(path, reused, fresh)
		default:
			c.compare(path, reused.Elem(), fresh.Elem())
		}
	case reflect.Struct:
		c.fields(path, reused, fresh)
	case reflect.Slice, reflect.Array:
		c.list(path, reused, fresh)
	case reflect.Map:
		if reused.Len() != fresh.Len() {
			c.differs(path, reused, fresh)
			return
		}
		for _, key := range reused.MapKeys() {
			if value := fresh.MapIndex(key); value.IsValid() {
				c.compare(fmt.Sprintf("%s[%v]", path, key), reused.MapIndex(key), value)
			} else {
				c.differs(path, reused, fresh)
			}
		}
	case reflect.Func:
		if reused.IsNil() != fresh.IsNil() {
			c.differs(path, reused, fresh)
		}
	default:
		if !reused.Equal(fresh) {
			c.differs(path, reused, fresh)
		}
	}
}

func (c *comparison) fields(path string, reused, fresh reflect.Value) {
	for i := range reused.NumField() {
		name := reused.Type().Field(i).Name
		if reused.Type().Name() == "FSM" && name != "current" || c.kept(reused.Type(), name) {
			continue
		}
		c.compare(path+"."+name, reused.Field(i), fresh.Field(i))
	}
}

func (c *comparison) list(path string, reused, fresh reflect.Value) {
	if machines := reused.Type().Elem() == c.spareType(); !machines && reused.Len() != fresh.Len() || reused.Len() < fresh.Len() {
		c.differs(path, reused, fresh)
		return
	}
	for i := range reused.Len() {
		at := fmt.Sprintf("%s[%d]", path, i)
		if i < fresh.Len() {
			c.compare(at, reused.Index(i), fresh.Index(i))
			continue
		}
		c.surplus = true
		c.compare(at, reused.Index(i), c.spare)
		c.surplus = false
	}
}

func (c *comparison) spareType() reflect.Type {
	if !c.spare.IsValid() {
		return nil
	}
	return c.spare.Type()
}

func (c *comparison) differs(path string, reused, fresh reflect.Value) {
	if line := fmt.Sprintf("%s: %v, not %v", path, reused, fresh); !slices.Contains(c.differ, line) {
		c.differ = append(c.differ, line)
	}
}
