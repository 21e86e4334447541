// SPDX-License-Identifier: Apache-2.0

// Package condition is the language in which settings speak of events:
//
//	auth.*                                              a glob over event types
//	severity:low                                        a severity
//	environment == 'production'                         a condition on an event
//	event_type == 'auth.failure' AND count > 5 in 5m    the condition of an alert
//
// README.md has the grammar and the rules of types. Everything is compiled once
// and never fails afterwards: an absent or null field is equal to null alone, and
// neither below nor above anything, so "a != b" always says the same as
// "NOT a == b".
package condition
