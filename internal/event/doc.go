// SPDX-License-Identifier: Apache-2.0

// Package event says what a MockForge security event is: the catalogue of its
// types and the table of its severities. It knows no transport and no encoding.
package event
