// SPDX-License-Identifier: Apache-2.0

// Package audit finds the settings by which a destination whose delivery is audit
// could lose events: on the way from the receivers to the journal, and behind it.
// It judges a resolved configuration, before a component has seen it.
package audit
