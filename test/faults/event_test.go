// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// key names an event: the source it comes from and its number there.
type key struct {
	source string
	n      int
}

func (k key) String() string { return fmt.Sprintf("%s-%d", k.source, k.n) }

// protocol is the first part of the source's name.
func (k key) protocol() string {
	p, _, _ := strings.Cut(k.source, "/")
	return p
}

// stream is what keeps its order: a source, but of a source that writes files
// each file. A rotated file and the one that follows it are read side by side.
func (k key) stream() string {
	if k.protocol() == "file" {
		return fmt.Sprintf("%s %d", k.source, k.n/fileLines)
	}
	return k.source
}

// protocols are the rows of a fault.
var protocols = []string{"http", "syslog", "file"}

const eventFormat = `{"timestamp":"%s","event_type":"auth.failure","severity":"medium",` +
	`"source":{"system":"mockforge","component":"auth","version":"1.0.0"},` +
	`"actor":{"user_id":"user-123","username":"admin","ip_address":"192.168.1.100","user_agent":"Mozilla/5.0"},` +
	`"target":{"resource_type":"api","resource_id":"/api/v1/workspaces","method":"GET"},` +
	`"outcome":{"success":false,"reason":"Invalid credentials"},` +
	`"metadata":{"source":"%s","n":%d,"id":"%s"}}`

// eventOf is the event's JSON, as the guide has it.
func eventOf(k key, at time.Time) string {
	return fmt.Sprintf(eventFormat, at.UTC().Format(time.RFC3339Nano), k.source, k.n, k)
}

// keyOf reads which event a destination got. It must have come whole.
func keyOf(event []byte) (key, error) {
	var e struct {
		Metadata struct {
			Source, ID string
			N          int
		}
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return key{}, fmt.Errorf("reading %q: %w", event, err)
	}
	k := key{source: e.Metadata.Source, n: e.Metadata.N}
	if k.source == "" || e.Metadata.ID != k.String() {
		return key{}, fmt.Errorf("found %q, expected the id %s", event, k)
	}
	return k, nil
}
