// SPDX-License-Identifier: Apache-2.0

// Package mockforgeprovider makes the Collector's configuration of MockForge's
// own config.yaml: --config=mockforge:/etc/mockforge/config.yaml.
package mockforgeprovider
