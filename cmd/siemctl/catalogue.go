// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mockforge/otelcol-mockforge/internal/compliance"
	"github.com/mockforge/otelcol-mockforge/internal/event"
)

func newCatalogue() *cobra.Command {
	format := ""
	cmd := &cobra.Command{
		Use:   "catalogue",
		Short: "List MockForge's event types with their severities and controls",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch format {
			case "table":
				return writeTable(cmd.OutOrStdout())
			case "json":
				return writeJSON(cmd.OutOrStdout())
			default:
				return fmt.Errorf("--format: found %q, expected table or json", format)
			}
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

func writeTable(w io.Writer) error {
	frameworks := compliance.Guide()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	heads := []string{"TYPE", "CATEGORY", "SEVERITY"}
	for i := range frameworks {
		heads = append(heads, frameworks[i].Name)
	}
	row := func(cells []string) { _, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) } // Flush has the error
	row(append(heads, "DESCRIPTION"))
	for _, t := range event.Catalogue() {
		cells := []string{t.Name, string(t.Category), t.Severity.String()}
		for i := range frameworks {
			controls, _ := frameworks[i].Controls(t.Name, t.Severity)
			cells = append(cells, strings.Join(controls, " "))
		}
		row(append(cells, t.Description))
	}
	return table.Flush()
}

// listedType is a type in JSON. The lists of controls have the names that they
// have in an event's compliance object.
type listedType struct {
	EventType   string              `json:"event_type"`
	Category    event.Category      `json:"category"`
	Severity    string              `json:"severity"`
	Description string              `json:"description"`
	Compliance  map[string][]string `json:"compliance"`
}

func writeJSON(w io.Writer) error {
	frameworks := compliance.Guide()
	catalogue := event.Catalogue()
	listed := make([]listedType, 0, len(catalogue))
	for _, t := range catalogue {
		all := make(map[string][]string, len(frameworks))
		for i := range frameworks {
			all[frameworks[i].List], _ = frameworks[i].Controls(t.Name, t.Severity)
		}
		listed = append(listed, listedType{t.Name, t.Category, t.Severity.String(), t.Description, all})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(listed)
}
