// SPDX-License-Identifier: Apache-2.0

package mockforgeencodingextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/mockforge/otelcol-mockforge/extension/mockforgeencodingextension/internal/metadata"
)

// NewFactory returns the factory of the mockforge_encoding extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(
		metadata.Type,
		func() component.Config { return &Config{} },
		func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
			return &encoder{}, nil
		},
		metadata.ExtensionStability,
	)
}
