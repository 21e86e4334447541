// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap/xconfmap"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func TestConfig(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, xconfmap.Validate(cfg))
	assert.Equal(t, "localhost:8768", cfg.ServerConfig.NetAddr.Endpoint)
	assert.Equal(t, 5*time.Minute, cfg.UnhealthyAfter)

	want := createDefaultConfig().(*Config)
	want.ServerConfig.NetAddr.Endpoint = "localhost:18768"
	want.UnhealthyAfter = 10 * time.Minute
	got := siemtest.LoadConfig[*Config](t, NewFactory(), "")
	require.NoError(t, xconfmap.Validate(got))
	assert.Equal(t, want, got)
}

func TestConfigRefuses(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.ServerConfig.NetAddr.Endpoint = ""
	cfg.UnhealthyAfter = -time.Second
	err := xconfmap.Validate(cfg)
	assert.ErrorContains(t, err, "endpoint: found nothing, expected an address such as localhost:8768")
	assert.ErrorContains(t, err, "unhealthy_after: found -1s, expected more than 0")
}
