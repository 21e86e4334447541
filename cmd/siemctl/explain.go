// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func newExplain() *cobra.Command {
	var (
		configs, sets    []string
		receiver, format string
		all              bool
	)
	cmd := &cobra.Command{
		Use:   "explain --config FILE < events",
		Short: "Tell what the collector would do with events, and why",
		Long: `Tell what the collector would do with events on standard input, and why: what the
receiver makes of them, the controls that are added and by which row of the table,
the rule of the filter that keeps or drops them, the rules of alerts that they
match, and the destinations that would get them. Nothing is sent.

Events are JSON objects, one after the other. The configuration is resolved as the
collector does, with the variables of the environment, and is one of the
Collector's or, with mockforge:FILE, one of MockForge's. Of the processors only
ours are explained; the destinations behind others are not certain.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("--format: found %q, expected text or json", format)
			}
			c, err := resolve(cmd.Context(), configs, sets)
			if err != nil {
				return err
			}
			e, err := newExplainer(cmd.Context(), c, receiver)
			if err != nil {
				return err
			}
			return e.explainAll(cmd.Context(), cmd.InOrStdin(), explanationWriter(cmd.OutOrStdout(), format, all))
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&configs, "config", nil, "a configuration, as the collector takes it; may be given again")
	flags.StringArrayVar(&sets, "set", nil, "a single setting, such as processors.siem_filter.include=['auth.*']; may be given again")
	flags.StringVar(&receiver, "receiver", "", "the receiver that the events come to, where there are several of type mockforge")
	flags.StringVar(&format, "format", "text", "text or json")
	flags.BoolVar(&all, "all", false, "also rules of alerts that do not match, in text")
	return cmd
}

// explanationWriter returns what writes one explanation after the other.
func explanationWriter(w io.Writer, format string, all bool) func(*explanation) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return func(x *explanation) error { return encoder.Encode(x) }
	}
	number := 0
	return func(x *explanation) error {
		number++
		return (&writer{w: w, all: all}).explanation(number, x)
	}
}

func (e *explainer) explainAll(ctx context.Context, in io.Reader, write func(*explanation) error) error {
	decoder := json.NewDecoder(in)
	for n := 1; ; n++ {
		var text json.RawMessage
		err := decoder.Decode(&text)
		if errors.Is(err, io.EOF) && n > 1 {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return errors.New("standard input: found nothing, expected JSON objects")
		}
		if err != nil {
			return fmt.Errorf("event %d: %w", n, err)
		}
		x, err := e.explain(ctx, text)
		if err != nil {
			return err
		}
		if err := write(&x); err != nil {
			return err
		}
	}
}
