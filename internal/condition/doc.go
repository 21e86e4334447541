// SPDX-License-Identifier: Apache-2.0

// Package condition is the language in which settings speak of events:
//
//	auth.*                        a glob over event types
//	severity:low                  a severity
//	environment == 'production'   a condition over an event's fields
//
// A condition compares fields with == (or =), !=, <, <=, > and >=; a field
// alone asks whether it is there. AND, OR, NOT (also &&, ||, !) in any case and
// brackets join comparisons. Text stands in single or double quotes, or bare
// when it is one word.
//
// Everything is compiled once and never fails afterwards. An absent or null
// field is equal to null alone, and neither below nor above anything, so
// "a != b" always says the same as "NOT a == b". The literal decides how a
// value is read: a number literal compares numbers and numeric text, a text
// literal compares text. An array matches when one of its elements does.
package condition
