// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// What of an envelope's fields becomes attributes.
const (
	maxHECFields = 64
	maxHECName   = 128  // bytes of a name
	maxHECText   = 4096 // bytes of a value, as JSON
)

// fields are what an envelope adds to its event: names with a scalar, or an
// array of them (Splunk's "Automate indexed field extractions with HTTP Event
// Collector").
type fields struct {
	names  []string
	values []any
	capped bool // there are more
}

func readHECFields(raw json.RawMessage) (f fields, err error) {
	if raw == nil {
		return f, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return f, errors.New("fields: found something else, expected an object")
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if len(f.names) == maxHECFields || len(name) > maxHECName || len(all[name]) > maxHECText {
			f.capped = true
			continue
		}
		value, err := readField(all[name])
		if err != nil {
			return f, fmt.Errorf("fields: found a nested value in %q, expected a scalar or an array of scalars", name)
		}
		if value != nil {
			f.names, f.values = append(f.names, name), append(f.values, value)
		}
	}
	return f, nil
}

var errNested = errors.New("reading a field: nested")

func readField(raw json.RawMessage) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // a float64 does not hold all integers
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if !isFlat(value) {
		return nil, errNested
	}
	return value, nil
}

func isFlat(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return false
	case []any:
		return !slices.ContainsFunc(value, func(element any) bool {
			_, array := element.([]any)
			return array || !isFlat(element)
		})
	}
	return true
}

func (f *fields) putTo(attrs pcommon.Map) {
	for i, name := range f.names {
		putField(attrs.PutEmpty(eventlog.AttrSplunkFieldsPrefix+name), f.values[i])
	}
}

func putField(to pcommon.Value, value any) {
	switch value := value.(type) {
	case string:
		to.SetStr(value)
	case bool:
		to.SetBool(value)
	case json.Number:
		putNumber(to, value)
	case []any:
		elements := to.SetEmptySlice()
		elements.EnsureCapacity(len(value))
		for _, element := range value {
			putField(elements.AppendEmpty(), element)
		}
	}
}

func putNumber(to pcommon.Value, number json.Number) {
	if i, err := number.Int64(); err == nil {
		to.SetInt(i)
	} else if f, err := number.Float64(); err == nil {
		to.SetDouble(f)
	} else {
		to.SetStr(number.String())
	}
}
