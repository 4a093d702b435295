package status

import (
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/cmd/web"
)

// Below such a base path it could not be told whether a proxy has taken it off.
func TestNoBasePathIsThatOfAPage(t *testing.T) {
	for _, s := range emptySites() {
		for _, p := range s.list {
			base, _, _ := strings.Cut(p.path, "/")
			if base == "" {
				continue
			}
			d, err := web.Open(t.Context(), web.Options{Listen: "localhost:0", Base: base}, nil)
			if err == nil {
				t.Errorf("the door opens below /%s/", base)
			}
			d.Close()
		}
	}
}
