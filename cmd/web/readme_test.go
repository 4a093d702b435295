package web

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestTheTableOfBoundsHasTheirValues(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{
		"MaxConns": MaxConns, "MaxConnsFrom": MaxConnsFrom, "headerTimeout": headerTimeout, "maxHeader": maxHeader, "idleTimeout": idleTimeout,
		"pingAfter": pingAfter, "slowBytes": slowBytes, "slowFor": slowFor, "MaxRequests": MaxRequests, "maxStreams": maxStreams, "MaxLive": MaxLive,
		"wrongBurst": wrongBurst, "wrongRate": wrongRate, "maxWrong": maxWrong, "logBurst": logBurst, "logRate": logRate, "drainFor": drainFor,
		"abandonAfter": abandonAfter,
	} {
		if want := fmt.Sprintf("`%s`: %v", name, value); !strings.Contains(string(readme), want+" |") && !strings.Contains(string(readme), want+",") {
			t.Errorf("README.md does not say %s", want)
		}
	}
	for _, says := range []string{
		fmt.Sprintf("at least %d characters", MinToken), "`" + tokenCredential + "`", fmt.Sprintf("has sent %d wrong tokens", wrongBurst),
		fmt.Sprintf("until %g seconds", 1/wrongRate), fmt.Sprintf("every %d seconds", noScriptEvery),
	} {
		if !strings.Contains(string(readme), says) {
			t.Errorf("README.md does not say %q", says)
		}
	}
}

// Each class that README.md offers is in the style sheet.
func TestTheClassesThatAreOfferedAreThere(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	css := string(assets()[sheet].data)
	_, table, _ := strings.Cut(string(readme), "| for | classes |")
	table, _, _ = strings.Cut(table, "\n\n")
	looked := 0
	for i, code := range strings.Split(table, "`") {
		name := code[strings.LastIndex(code, ".")+1:]
		if i%2 == 0 || strings.ContainsAny(code, "=-") || name == "td" || name == "figure" || name == "video" || name == "audio" {
			continue
		}
		if looked++; !strings.Contains(css, "."+name) {
			t.Errorf("there is no class %s", name)
		}
	}
	if looked < 25 {
		t.Errorf("only %d classes were looked at", looked)
	}
}
