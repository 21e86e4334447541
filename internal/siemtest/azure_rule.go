// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

var jsonBlock = regexp.MustCompile("(?s)```json\n(.*?)```")

// AzureColumn is a column as Azure's definitions write it.
type AzureColumn struct{ Name, Type string }

// DocumentedAzure returns the columns of the table and the rule that the page
// docs/destinations/azure-monitor.md tells users to make.
func DocumentedAzure(t testing.TB) (table []AzureColumn, rule AzureRule) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	page, err := os.ReadFile(filepath.Join(filepath.Dir(here), "..", "..", "docs", "destinations", "azure-monitor.md"))
	require.NoError(t, err)
	blocks := jsonBlock.FindAllSubmatch(page, -1)
	require.Len(t, blocks, 2, "the table and the rule")

	var tableJSON struct {
		Properties struct {
			Schema struct{ Columns []AzureColumn }
		}
	}
	require.NoError(t, json.Unmarshal(blocks[0][1], &tableJSON))
	var ruleJSON struct {
		Properties struct {
			StreamDeclarations map[string]struct{ Columns []AzureColumn }
		}
	}
	require.NoError(t, json.Unmarshal(blocks[1][1], &ruleJSON))
	rule = AzureRule{ID: "dcr-000a00a000a00000a000000aa000a0aa", Columns: map[string]string{}}
	for stream, declared := range ruleJSON.Properties.StreamDeclarations {
		rule.Stream = stream
		for _, c := range declared.Columns {
			rule.Columns[c.Name] = c.Type
		}
	}
	return tableJSON.Properties.Schema.Columns, rule
}
