// SPDX-License-Identifier: Apache-2.0

//go:build faults && !(linux && amd64)

package faults

// clockFaults need machine code.
var clockFaults []fault

func init() { results.note("The clock was not made to jump: that is done on Linux and amd64 alone.") }
