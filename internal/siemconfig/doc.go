// SPDX-License-Identifier: Apache-2.0

// Package siemconfig reads MockForge's own settings, security.monitoring.siem,
// and makes the Collector's configuration of them. It reads no file and no
// environment: both are given to it.
package siemconfig
