package cli

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// fromEnvironment sets the flags that were not given from the environment.
func fromEnvironment(flags *pflag.FlagSet) error {
	var wrong error
	flags.VisitAll(func(f *pflag.Flag) {
		name := variable(f)
		value, set := os.LookupEnv(name)
		if !set || value == "" || f.Changed || f.Name == "help" || f.Name == "version" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			text := err.Error()
			if value := (*pflag.InvalidValueError)(nil); errors.As(err, &value) {
				text = unfit(value)
			}
			wrong = Usage("%s: %s", name, text)
		}
		flags.SetAnnotation(f.Name, ofEnvironment, nil)
	})
	return wrong
}

// ofEnvironment is the annotation of a flag that has been set from the environment.
const ofEnvironment = "environment"

// FromEnvironment reports whether a flag has been set from the environment.
func FromEnvironment(flags *pflag.FlagSet, name string) bool {
	_, is := flags.Lookup(name).Annotations[ofEnvironment]
	return is
}

// variable returns the name of the environment variable that sets a flag.
func variable(f *pflag.Flag) string {
	return "RELAYPEER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// source returns how people name the place where a flag was set.
func source(f *pflag.Flag) string {
	if _, is := f.Annotations[ofEnvironment]; is {
		return variable(f)
	}
	return "--" + f.Name
}
