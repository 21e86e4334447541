// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/mockforge/otelcol-mockforge/internal/siemconfig"
)

type lookupEnv = func(string) (string, bool)

func newCommand(env lookupEnv) *cobra.Command {
	root := &cobra.Command{
		Use:          "siemctl",
		Short:        "Checks settings, and sends, explains and replays MockForge's security events",
		SilenceUsage: true,
	}
	root.AddCommand(newLint(env), newConvert(env), newCatalogue(), newSend(env), newReplay(env), newExplain(), newVerify())
	return root
}

func newLint(env lookupEnv) *cobra.Command {
	strict := false
	cmd := &cobra.Command{
		Use:   "lint config.yaml",
		Short: "List what is wrong and what differs from MockForge, and write nothing",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := parse(args[0], env)
			if err != nil {
				return err
			}
			if err := list(cmd.OutOrStdout(), "warning:", cfg); err != nil {
				return err
			}
			if strict && len(cfg.Warnings) > 0 {
				return fmt.Errorf("%s: found %d warnings, expected none with --strict", args[0], len(cfg.Warnings))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d destinations, %d warnings\n", args[0], len(cfg.Destinations), len(cfg.Warnings))
			return err
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "warnings are errors")
	return cmd
}

func newConvert(env lookupEnv) *cobra.Command {
	output := ""
	cmd := &cobra.Command{
		Use:   "convert config.yaml",
		Short: "Write the Collector's configuration, and on standard error what differs",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := parse(args[0], env)
			if err != nil {
				return err
			}
			text, err := render(filepath.Base(args[0]), cfg)
			if err != nil {
				return err
			}
			if err := list(cmd.ErrOrStderr(), "differs:", cfg); err != nil {
				return err
			}
			if output == "" {
				_, err = cmd.OutOrStdout().Write(text)
				return err
			}
			return create(output, text)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, which must not be there yet; standard output by default")
	return cmd
}

func list(w io.Writer, word string, cfg *siemconfig.Config) error {
	for _, warning := range cfg.Warnings {
		if _, err := fmt.Fprintln(w, word, warning); err != nil {
			return err
		}
	}
	return nil
}

func parse(path string, env lookupEnv) (*siemconfig.Config, error) {
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	return siemconfig.Parse(siemconfig.Source{Name: path, Data: data, Env: env, AllowUnset: true})
}

// create overwrites nothing. A literal secret of the source is also in the result.
func create(path string, text []byte) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// render writes YAML with the report in front of it.
func render(source string, cfg *siemconfig.Config) ([]byte, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made from %s by siemctl convert: the default pipelines, and one pipeline behind\n# the journal for each destination.\n", source)
	for _, w := range cfg.Warnings {
		b.WriteString("#\n")
		for line := range strings.Lines(w.String()) {
			b.WriteString(strings.TrimRight("# "+line, " \n") + "\n")
		}
	}
	b.WriteString("\n")
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(cfg.Collector()); err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	return []byte(b.String()), encoder.Close()
}
