module github.com/mockforge/otelcol-mockforge/bench/decoders

go 1.25.0

replace github.com/mockforge/otelcol-mockforge => ../..

require (
	github.com/go-json-experiment/json v0.0.0-20250813233538-9b1f9ea2e11b
	github.com/json-iterator/go v1.1.12
	github.com/mockforge/otelcol-mockforge v0.0.0
	github.com/valyala/fastjson v1.6.10
	go.opentelemetry.io/collector/pdata v1.58.0
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/hashicorp/go-version v1.9.0 // indirect
	github.com/modern-go/concurrent v0.0.0-20180306012644-bacd9c7ef1dd // indirect
	github.com/modern-go/reflect2 v1.0.3-0.20250322232337-35a7c28c31ee // indirect
	go.opentelemetry.io/collector/featuregate v1.58.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
)
