// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"encoding/base64"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// AppendJSON appends a value as compact JSON, maps in their own order: the Body
// of a decoded event comes out as it came in. Bytes become base64, as in
// encoding/json.
func AppendJSON(dst []byte, v pcommon.Value) []byte {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return appendString(dst, v.Str())
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return AppendDouble(dst, v.Double())
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeMap:
		return appendMap(dst, v.Map())
	case pcommon.ValueTypeSlice:
		return appendSlice(dst, v.Slice())
	case pcommon.ValueTypeBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes().AsRaw())
		return append(dst, '"')
	default:
		return append(dst, "null"...)
	}
}

// AppendString appends a string as JSON, quoted, as AppendJSON does.
func AppendString(dst []byte, s string) []byte { return appendString(dst, s) }

func appendMap(dst []byte, m pcommon.Map) []byte {
	dst = append(dst, '{')
	first := true
	for k, v := range m.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendString(dst, k)
		dst = append(dst, ':')
		dst = AppendJSON(dst, v)
	}
	return append(dst, '}')
}

func appendSlice(dst []byte, s pcommon.Slice) []byte {
	dst = append(dst, '[')
	for i := range s.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSON(dst, s.At(i))
	}
	return append(dst, ']')
}
