// SPDX-License-Identifier: Apache-2.0

// Package compliance knows which controls an event is evidence for: the guide's
// table for SOC 2 and ISO 27001, and tables of the same shape from settings.
package compliance
