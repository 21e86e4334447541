// SPDX-License-Identifier: Apache-2.0

// Package decoders compares ways from an event's JSON to an ordered Body.
package decoders

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	jsoniter "github.com/json-iterator/go"
	"github.com/valyala/fastjson"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// decoders build the Body, and nothing else, but for eventlog, which has no way
// to leave out the index: its figure holds more work than the others'.
var decoders = []struct {
	name   string
	decode func(data []byte, v pcommon.Value) error
}{
	{"eventlog+index", viaEventlog},
	{"fastjson", viaFastjson},
	{"jsontext", viaJSONText},
	{"jsoniter", viaJsoniter},
	{"encoding_json", viaMaps},
}

var decoder = eventlog.NewDecoder(eventlog.Options{})

func viaEventlog(data []byte, v pcommon.Value) error {
	b := decoder.NewBatch(time.Time{})
	if err := b.AddAll(data); err != nil {
		return err
	}
	b.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().MoveTo(v)
	return nil
}

var parsers fastjson.ParserPool

// viaFastjson copies each string, since the parser uses its buffer again, and
// checks UTF-8, which the parser does not.
func viaFastjson(data []byte, v pcommon.Value) error {
	if !utf8.Valid(data) {
		return os.ErrInvalid
	}
	p := parsers.Get()
	defer parsers.Put(p)
	parsed, err := p.ParseBytes(data)
	if err != nil {
		return err
	}
	fromFastjson(parsed, v)
	return nil
}

func fromFastjson(in *fastjson.Value, v pcommon.Value) {
	switch in.Type() {
	case fastjson.TypeObject:
		object := in.GetObject()
		m := v.SetEmptyMap()
		m.EnsureCapacity(object.Len())
		object.Visit(func(key []byte, member *fastjson.Value) {
			fromFastjson(member, m.PutEmpty(string(key)))
		})
	case fastjson.TypeArray:
		elements := in.GetArray()
		s := v.SetEmptySlice()
		s.EnsureCapacity(len(elements))
		for _, e := range elements {
			fromFastjson(e, s.AppendEmpty())
		}
	case fastjson.TypeString:
		v.SetStr(string(in.GetStringBytes()))
	case fastjson.TypeNumber:
		if i, err := in.Int64(); err == nil {
			v.SetInt(i)
		} else {
			v.SetDouble(in.GetFloat64())
		}
	case fastjson.TypeTrue, fastjson.TypeFalse:
		v.SetBool(in.GetBool())
	case fastjson.TypeNull:
	}
}

func viaJSONText(data []byte, v pcommon.Value) error {
	d := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))
	return fromJSONText(d, v)
}

func fromJSONText(d *jsontext.Decoder, v pcommon.Value) error {
	t, err := d.ReadToken()
	if err != nil {
		return err
	}
	switch t.Kind() {
	case '{':
		m := v.SetEmptyMap()
		for d.PeekKind() != '}' {
			key, err := d.ReadToken()
			if err != nil {
				return err
			}
			if err := fromJSONText(d, m.PutEmpty(key.String())); err != nil {
				return err
			}
		}
		_, err = d.ReadToken()
	case '[':
		s := v.SetEmptySlice()
		for d.PeekKind() != ']' {
			if err := fromJSONText(d, s.AppendEmpty()); err != nil {
				return err
			}
		}
		_, err = d.ReadToken()
	case '"':
		v.SetStr(t.String())
	case '0':
		if f := t.Float(); f == math.Trunc(f) {
			v.SetInt(t.Int())
		} else {
			v.SetDouble(f)
		}
	case 't', 'f':
		v.SetBool(t.Bool())
	}
	return err
}

func viaJsoniter(data []byte, v pcommon.Value) error {
	it := jsoniter.ConfigFastest.BorrowIterator(data)
	defer jsoniter.ConfigFastest.ReturnIterator(it)
	fromJsoniter(it, v)
	return it.Error
}

func fromJsoniter(it *jsoniter.Iterator, v pcommon.Value) {
	switch it.WhatIsNext() {
	case jsoniter.ObjectValue:
		m := v.SetEmptyMap()
		it.ReadObjectCB(func(it *jsoniter.Iterator, key string) bool {
			fromJsoniter(it, m.PutEmpty(key))
			return true
		})
	case jsoniter.ArrayValue:
		s := v.SetEmptySlice()
		it.ReadArrayCB(func(it *jsoniter.Iterator) bool {
			fromJsoniter(it, s.AppendEmpty())
			return true
		})
	case jsoniter.StringValue:
		v.SetStr(it.ReadString())
	case jsoniter.NumberValue:
		n := it.ReadNumber()
		if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			v.SetInt(i)
		} else if f, err := n.Float64(); err == nil {
			v.SetDouble(f)
		}
	case jsoniter.BoolValue:
		v.SetBool(it.ReadBool())
	default:
		it.Skip()
	}
}

func viaMaps(data []byte, v pcommon.Value) error {
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	return v.FromRaw(m)
}

func guide(tb testing.TB) []byte {
	tb.Helper()
	data, err := os.ReadFile("../../internal/eventlog/testdata/decode/guide.json")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// TestSameBody holds that what is compared does the same work: all but the map
// way keep the order too.
func TestSameBody(t *testing.T) {
	data := guide(t)
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		t.Fatal(err)
	}
	for _, d := range decoders {
		v := pcommon.NewValueEmpty()
		if err := d.decode(data, v); err != nil {
			t.Fatal(d.name, err)
		}
		got := string(eventlog.AppendJSON(nil, v))
		if d.name != "encoding_json" && got != compact.String() {
			t.Errorf("%s: %s", d.name, got)
		}
	}
}

func BenchmarkBody(b *testing.B) {
	data := guide(b)
	for _, d := range decoders {
		b.Run(d.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := d.decode(data, pcommon.NewValueEmpty()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
