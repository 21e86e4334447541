// SPDX-License-Identifier: Apache-2.0

// Package auditconverter refuses a configuration in which a destination with
// delivery: audit could lose events. It changes none.
package auditconverter
