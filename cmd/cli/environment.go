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
		name := "RELAYPEER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
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
	})
	return wrong
}
