package share_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "8") // most tests wait: for a file to come to rest, for a walk, for a notice
	goleak.VerifyTestMain(m)
}
