// SPDX-License-Identifier: Apache-2.0

// Package eventfilter decides which events pass: what siem_filter does, and what
// siemctl explains.
package eventfilter
