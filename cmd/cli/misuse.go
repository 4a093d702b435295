package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
)

// misuse says in plain words what is wrong with how a flag was given.
func misuse(err error) string {
	var value *pflag.InvalidValueError
	var bare *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &value):
		return fmt.Sprintf("--%s: %s", value.GetFlag().Name, unfit(value))
	case errors.As(err, &bare):
		return fmt.Sprintf("%s needs a value; see --help", dashed(bare.GetSpecifiedName()))
	case errors.As(err, &unknown):
		given := dashed(unknown.GetSpecifiedName())
		if group := unknown.GetSpecifiedShortnames(); len(group) > 1 {
			given += ", as in -" + group
		}
		return fmt.Sprintf("there is no flag %s; see --help. A name that begins with a dash goes behind --", ForDisplay(given))
	}
	return ForDisplay(err.Error()) + "; see --help"
}

// dashed returns a flag's name as people write it.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// unfit says which values a flag may have, in place of the one that it was given. A program's own
// kinds of values say so themselves.
func unfit(value *pflag.InvalidValueError) string {
	expected := map[string]string{
		"int": "a whole number", "float64": "a number", "bool": "true or false", "duration": "a time like 90s or 5m",
	}[value.GetFlag().Value.Type()]
	given := ForDisplay(value.GetValue())
	switch {
	case errors.Is(value, strconv.ErrRange):
		return fmt.Sprintf("%q is too large or too small", given)
	case expected != "":
		return fmt.Sprintf("%q is not %s", given, expected)
	}
	return ForDisplay(value.Unwrap().Error())
}
