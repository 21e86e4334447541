// SPDX-License-Identifier: Apache-2.0

package mockforgeencodingextension

// Config is empty: there is one way to write an event.
type Config struct {
	// prevent unkeyed literal initialization
	_ struct{}
}
