// SPDX-License-Identifier: Apache-2.0

// Package imports holds the house's rule about who may import whom.
package imports

import (
	"encoding/json"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/mockforge/otelcol-mockforge/"

// allowed are the packages of ours that a package of ours may import besides
// those below itself. A component may import every one of them, but no other
// component.
var allowed = map[string][]string{
	"internal/event":      {},
	"internal/eventlog":   {"internal/event"},
	"internal/duration":   {},
	"internal/condition":  {"internal/duration", "internal/event", "internal/eventlog"},
	"internal/compliance": {"internal/condition", "internal/event"},
	"internal/audit":      {"internal/event"},
	"internal/evidence":   {},
	"internal/eventgen":   {"internal/event"},
	"internal/httpsend":   {},
	"internal/journal":    {},
	"internal/httpanswer": {},
	"internal/receipt":    {},
	"internal/health":     {},
	"internal/tally":      {},
	"internal/heapfloor":  {},
	"internal/siemconfig": {"internal/audit", "internal/condition", "internal/event", "internal/eventlog"},
	"cmd/siemctl": {
		"confmap/mockforgeprovider", "connector/siemalertconnector", "connector/siemjournalconnector",
		"internal/compliance", "internal/condition", "internal/event", "internal/eventfilter", "internal/eventgen",
		"internal/eventlog", "internal/evidence", "internal/httpsend", "internal/siemconfig",
		"processor/compliancetagprocessor", "processor/siemfilterprocessor", "receiver/mockforgereceiver",
	},
	"internal/eventfilter": {"internal/condition", "internal/eventlog", "internal/tally"},
	"bench/compare":        {"internal/compliance", "internal/event"},
	"bench/compare/events": {"internal/event"},
	fixtures:               {"internal/eventlog"},
}

// fixtures are for tests alone.
const fixtures = "internal/siemtest"

var components = []string{"receiver", "processor", "connector", "exporter", "extension", "confmap"}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, p)
	}
}

func TestImportsGoOneWay(t *testing.T) {
	packages := list(t)
	require.NotEmpty(t, packages)
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			other, ours := strings.CutPrefix(imported, module)
			if !ours || strings.HasPrefix(other, name+"/") {
				continue
			}
			assert.True(t, mayImport(name, other), "%s must not import %s", name, other)
		}
	}
}

func mayImport(name, other string) bool {
	kind, rest, _ := strings.Cut(name, "/")
	if slices.Contains(components, kind) {
		_, low := allowed[other]
		own := path.Join(kind, strings.Split(rest, "/")[0])
		return low && other != fixtures || strings.HasPrefix(other, own+"/internal/")
	}
	return slices.Contains(allowed[name], other)
}

// TestEventKnowsNothing: what an event is needs the standard library alone.
func TestEventKnowsNothing(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath != module+"internal/event" {
			continue
		}
		for _, imported := range p.Imports {
			first, _, _ := strings.Cut(imported, "/")
			assert.NotContains(t, first, ".", imported)
		}
		return
	}
	t.Fatal("internal/event is not there")
}
