// SPDX-License-Identifier: Apache-2.0

package auditconverter

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// text is a provider of the YAML that stands in the URI.
type text struct{}

func (text) Scheme() string { return "text" }

func (text) Shutdown(context.Context) error { return nil }

func (text) Retrieve(_ context.Context, uri string, _ confmap.WatcherFunc) (*confmap.Retrieved, error) {
	return confmap.NewRetrievedFromYAML([]byte(strings.TrimPrefix(uri, "text:")))
}

// conf is as the Collector resolves it.
func conf(t *testing.T, yaml string) *confmap.Conf {
	t.Helper()
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: []string{"text:" + yaml},
		ProviderFactories: []confmap.ProviderFactory{
			confmap.NewProviderFactory(func(confmap.ProviderSettings) confmap.Provider { return text{} }),
		},
	})
	require.NoError(t, err)
	resolved, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	return resolved
}

const (
	good = `{connectors: {siem_journal: {directory: "${text:0123}", delivery: audit}},
		service: {pipelines: {logs/a: {receivers: [siem_journal], exporters: [webhook]}}}}`
	bad = `{connectors: {siem_journal: {delivery: audit}}, extensions: {more: },
		service: {pipelines: {logs/a: {receivers: [siem_journal], processors: [batch], exporters: [datadog]}}}}`
)

func TestConvert(t *testing.T) {
	core, logs := observer.New(zap.ErrorLevel)
	c := NewFactory().Create(confmap.ConverterSettings{Logger: zap.New(core)})
	first := conf(t, bad)
	err := c.Convert(t.Context(), first)
	require.EqualError(t, err, `delivery: audit:
audit of logs/a: service::pipelines::logs/a: processors::batch: found in the pipeline, expected no such component: it takes events into its memory and acknowledges them; the journal makes batches
audit of logs/a: service::pipelines::logs/a: exporters::datadog: found in the pipeline, expected no such component: it acknowledges what is in its memory; take the exporter webhook with profile datadog_logs`)

	passed := conf(t, good)
	require.NoError(t, c.Convert(t.Context(), passed))
	assert.Equal(t, conf(t, good).ToStringMap(), passed.ToStringMap(), "it changes nothing")
	assert.Zero(t, logs.Len())

	reloaded := conf(t, bad)
	require.NoError(t, c.Convert(t.Context(), reloaded))
	assert.Equal(t, passed.ToStringMap(), reloaded.ToStringMap(), "the old settings stay")
	var settings struct {
		Directory string `mapstructure:"directory"`
		Delivery  string `mapstructure:"delivery"`
	}
	sub, err := reloaded.Sub("connectors::siem_journal")
	require.NoError(t, err)
	require.NoError(t, sub.Unmarshal(&settings))
	assert.Equal(t, "0123", settings.Directory, "as it was written, not as a number")
	require.Equal(t, 1, logs.Len())
	assert.Contains(t, logs.All()[0].Message, "the old ones stay")
	assert.Contains(t, logs.All()[0].ContextMap()["error"], "processors::batch")
}
