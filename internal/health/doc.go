// SPDX-License-Identifier: Apache-2.0

// Package health is what components tell the siem_health extension about
// themselves: the state and the books of each destination and each way in.
//
// The extension has a [Registry]; a component finds it by [Find] when it starts,
// and adds a [Source], which is asked whenever somebody looks:
//
//	remove := health.Find(host).Add(health.Source{Destinations: c.health})
package health
