// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/mockforge/otelcol-mockforge/confmap/mockforgeprovider"
)

// collector is a resolved configuration of the Collector.
type collector struct {
	conf      *confmap.Conf
	pipelines map[pipeline.ID]pipelineConfig // those of logs
}

type pipelineConfig struct {
	Receivers  []component.ID `mapstructure:"receivers"`
	Processors []component.ID `mapstructure:"processors"`
	Exporters  []component.ID `mapstructure:"exporters"`
}

// resolve reads and merges configurations as the collector's binary does.
func resolve(ctx context.Context, uris, sets []string) (c *collector, err error) {
	if len(uris) == 0 {
		return nil, errors.New("--config: found nothing, expected a file of the Collector, or mockforge:FILE")
	}
	uris = slices.Clone(uris)
	for _, set := range sets {
		key, value, ok := strings.Cut(set, "=")
		if !ok {
			return nil, fmt.Errorf("--set: found %q, expected KEY=VALUE", set)
		}
		uris = append(uris, "yaml:"+strings.ReplaceAll(strings.TrimSpace(key), ".", "::")+": "+value)
	}
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: uris,
		ProviderFactories: []confmap.ProviderFactory{
			mockforgeprovider.NewFactory(), envprovider.NewFactory(), fileprovider.NewFactory(),
			httpprovider.NewFactory(), yamlprovider.NewFactory(),
		},
		DefaultScheme: "env",
	})
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	defer func() { err = errors.Join(err, resolver.Shutdown(ctx)) }()
	conf, err := resolver.Resolve(ctx)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	c = &collector{conf: conf}
	return c, c.readPipelines()
}

func (c *collector) readPipelines() error {
	service, err := c.conf.Sub("service")
	if err != nil {
		return err
	}
	var s struct {
		Pipelines map[pipeline.ID]pipelineConfig `mapstructure:"pipelines"`
	}
	if err := service.Unmarshal(&s, confmap.WithIgnoreUnused()); err != nil {
		return fmt.Errorf("service: %w", err)
	}
	maps.DeleteFunc(s.Pipelines, func(id pipeline.ID, _ pipelineConfig) bool { return id.Signal() != pipeline.SignalLogs })
	c.pipelines = s.Pipelines
	return nil
}

// from returns the pipelines that receive from a component, by their names.
func (c *collector) from(id component.ID) (ids []pipeline.ID) {
	for name, p := range c.pipelines {
		if slices.Contains(p.Receivers, id) {
			ids = append(ids, name)
		}
	}
	slices.SortFunc(ids, func(a, b pipeline.ID) int { return cmp.Compare(a.String(), b.String()) })
	return ids
}

// receivers returns the receivers of a type that pipelines receive from.
func (c *collector) receivers(kind component.Type) (ids []component.ID) {
	for _, p := range c.pipelines {
		for _, id := range p.Receivers {
			if id.Type() == kind && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	slices.SortFunc(ids, func(a, b component.ID) int { return cmp.Compare(a.String(), b.String()) })
	return ids
}

func (c *collector) isConnector(id component.ID) bool {
	return c.conf.IsSet("connectors::" + id.String())
}

// load lays the settings of a component over its defaults, and checks them.
func load[C component.Config](c *collector, kind string, id component.ID, factory component.Factory) (cfg C, err error) {
	key := kind + "::" + id.String()
	cfg, _ = factory.CreateDefaultConfig().(C)
	if !c.conf.IsSet(key) {
		return cfg, fmt.Errorf("%s: found nothing, expected the settings of a component that a pipeline names", key)
	}
	sub, err := c.conf.Sub(key)
	if err != nil {
		return cfg, fmt.Errorf("%s: %w", key, err)
	}
	if err = errors.Join(sub.Unmarshal(cfg)); err == nil {
		err = xconfmap.Validate(cfg)
	}
	if err != nil {
		return cfg, fmt.Errorf("%s: %w", key, err)
	}
	return cfg, nil
}
