// SPDX-License-Identifier: Apache-2.0

package decoders

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/bytedance/sonic"
	"github.com/go-faster/jx"
	"github.com/go-json-experiment/json/jsontext"
	gojson "github.com/goccy/go-json"
	"github.com/minio/simdjson-go"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// readers check the event's JSON and make no Body of it. What they do make of it is
// in their names.
var readers = []struct {
	name  string
	parse func() func(data []byte) error
}{
	{"eventlog+verdict", func() func([]byte) error {
		d := eventlog.NewDecoder(eventlog.Options{Early: func(*eventlog.Head) int { return 0 }})
		return func(data []byte) error { return d.NewBatch(time.Time{}).AddAll(data) }
	}},
	{"simdjson+tape", func() func([]byte) error {
		var reuse *simdjson.ParsedJson
		return func(data []byte) (err error) {
			reuse, err = simdjson.Parse(data, reuse)
			return err
		}
	}},
	{"fastjson+values", func() func([]byte) error {
		return func(data []byte) error {
			p := parsers.Get()
			defer parsers.Put(p)
			_, err := p.ParseBytes(data)
			return err
		}
	}},
	{"jx", func() func([]byte) error {
		d := jx.GetDecoder()
		return func(data []byte) error {
			d.ResetBytes(data)
			return d.Validate()
		}
	}},
	{"sonic", func() func([]byte) error { return valid(sonic.ConfigDefault.Valid) }},
	{"jsontext", func() func([]byte) error {
		return valid(func(data []byte) bool { return jsontext.Value(data).IsValid() })
	}},
	{"goccy", func() func([]byte) error { return valid(gojson.Valid) }},
	{"encoding_json", func() func([]byte) error { return valid(json.Valid) }},
	{"sonic+map", func() func([]byte) error { return toMap(sonic.ConfigDefault.Unmarshal) }},
	{"goccy+map", func() func([]byte) error { return toMap(gojson.Unmarshal) }},
	{"encoding_json+map", func() func([]byte) error { return toMap(json.Unmarshal) }},
}

func valid(check func([]byte) bool) func([]byte) error {
	return func(data []byte) error {
		if !check(data) {
			return os.ErrInvalid
		}
		return nil
	}
}

func toMap(unmarshal func([]byte, any) error) func([]byte) error {
	return func(data []byte) error {
		var m map[string]any
		return unmarshal(data, &m)
	}
}

// TestReadersRefuse what is no JSON: they look at all of it.
func TestReadersRefuse(t *testing.T) {
	data := guide(t)
	for _, p := range readers {
		parse := p.parse()
		if err := parse(data); err != nil {
			t.Error(p.name, err)
		}
		if err := parse(data[:len(data)-3]); err == nil {
			t.Errorf("%s: found no error, expected one: the end is missing", p.name)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	data := guide(b)
	for _, p := range readers {
		b.Run(p.name, func(b *testing.B) {
			parse := p.parse()
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := parse(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
