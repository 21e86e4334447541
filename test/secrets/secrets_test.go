// SPDX-License-Identifier: Apache-2.0

// Package secrets holds the house's rule about settings that are secret.
package secrets

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/mockforge/otelcol-mockforge/connector/siemalertconnector"
	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector"
	"github.com/mockforge/otelcol-mockforge/exporter/azuremonitorexporter"
	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter"
	"github.com/mockforge/otelcol-mockforge/exporter/webhookexporter"
	"github.com/mockforge/otelcol-mockforge/extension/mockforgeencodingextension"
	"github.com/mockforge/otelcol-mockforge/extension/siemhealthextension"
	"github.com/mockforge/otelcol-mockforge/processor/compliancetagprocessor"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver"
)

var ours = map[string]component.Factory{
	"siem_alert":         siemalertconnector.NewFactory(),
	"siem_journal":       siemjournalconnector.NewFactory(),
	"azure_monitor":      azuremonitorexporter.NewFactory(),
	"jsonl_file":         jsonlfileexporter.NewFactory(),
	"webhook":            webhookexporter.NewFactory(),
	"mockforge_encoding": mockforgeencodingextension.NewFactory(),
	"siem_health":        siemhealthextension.NewFactory(),
	"compliance_tag":     compliancetagprocessor.NewFactory(),
	"siem_filter":        siemfilterprocessor.NewFactory(),
	"mockforge":          mockforgereceiver.NewFactory(),
}

var (
	secret = regexp.MustCompile(`(?i)(secret|token|password|passphrase|credential|private|(^|_)key$|keys$)`)
	place  = regexp.MustCompile(`_(file|path|url)$`)
	opaque = reflect.TypeFor[configopaque.String]()
)

// texts calls visit for every setting that is a text, or a list or map of them.
// Settings of the Collector's own packages are theirs to keep secret.
func texts(t reflect.Type, path []string, visit func(path []string, text reflect.Type)) {
	switch t.Kind() { //nolint:exhaustive // other kinds hold no text
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		texts(t.Elem(), path, visit)
	case reflect.String:
		visit(path, t)
	case reflect.Struct:
		// The value of an optional is not exported.
		if get, ok := reflect.PointerTo(t).MethodByName("Get"); ok && strings.HasPrefix(t.Name(), "Optional[") {
			texts(get.Type.Out(0), path, visit)
			return
		}
		if !strings.HasPrefix(t.PkgPath(), "github.com/mockforge/otelcol-mockforge/") {
			return
		}
		for field := range fields(t) {
			key, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
			if strings.Contains(options, "squash") {
				texts(field.Type, path, visit)
				continue
			}
			texts(field.Type, append(slices.Clone(path), key), visit)
		}
	}
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}

// TestSecretsAreOpaque: a setting whose key smells of a secret is one that no log,
// no error and no print-config shows, or names the file that has it.
func TestSecretsAreOpaque(t *testing.T) {
	var found []string
	for name, factory := range ours {
		texts(reflect.TypeOf(factory.CreateDefaultConfig()), []string{name}, func(path []string, text reflect.Type) {
			key := path[len(path)-1]
			if !secret.MatchString(key) || place.MatchString(key) {
				return
			}
			whole := strings.Join(path, "::")
			assert.Equal(t, opaque, text, "%s: found %s, expected configopaque.String", whole, text)
			found = append(found, whole)
		})
	}
	slices.Sort(found)
	assert.Equal(t, []string{
		"azure_monitor::data_collector::shared_key",
		"azure_monitor::logs_ingestion::identity::service_principal::certificate_password",
		"azure_monitor::logs_ingestion::identity::service_principal::client_secret",
		"mockforge::protocols::http::test_event::token",
		"mockforge::protocols::splunk_hec::tokens",
		"webhook::datadog::api_key",
		"webhook::datadog::app_key",
		"webhook::signing::secret",
	}, found, "add a new secret here")
}

// TestEveryComponentIsLookedAt: the list above has all of ours.
func TestEveryComponentIsLookedAt(t *testing.T) {
	listed := manifest(t)
	for name := range ours {
		assert.Contains(t, listed, name)
	}
	assert.Len(t, ours, len(listed))
}

func TestAPlainSecretIsFound(t *testing.T) {
	type inner struct {
		APIKey  string            `mapstructure:"api_key"`
		Headers map[string]string `mapstructure:"headers"`
	}
	type config struct {
		Inner []inner `mapstructure:"inner"`
	}
	var found []string
	texts(reflect.TypeFor[*config](), nil, func(path []string, text reflect.Type) {
		if text != opaque && secret.MatchString(path[len(path)-1]) {
			found = append(found, strings.Join(path, "::"))
		}
	})
	require.Equal(t, []string{"inner::api_key"}, found)
}
