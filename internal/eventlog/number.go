// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"math"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// setNumber stores a JSON number without loss: an integer of 64 bits as Int,
// another number as Double when a double stands for exactly that decimal, else
// its text as Str. It returns false in the last case.
func setNumber(v pcommon.Value, text string) bool {
	if i, ok := parseInt(text); ok {
		v.SetInt(i)
		return true
	}
	if f, ok := parseDouble(text); ok {
		v.SetDouble(f)
		return true
	}
	v.SetStr(text)
	return false
}

func parseInt(text string) (int64, bool) {
	for i := range len(text) {
		if c := text[i]; c == '.' || c == 'e' || c == 'E' {
			return 0, false
		}
	}
	if text == "-0" {
		return 0, false
	}
	i, err := strconv.ParseInt(text, 10, 64)
	return i, err == nil
}

// parseDouble refuses a number that would come back as another one.
func parseDouble(text string) (float64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, false
	}
	if len(text) <= exactDigits+len(".") && !strings.ContainsAny(text, "eE") {
		return f, true
	}
	return f, sameDecimal(text, strconv.FormatFloat(f, 'e', -1, 64))
}

// exactDigits is how many digits of any decimal a double keeps: C's DBL_DIG.
const exactDigits = 15

// sameDecimal reports whether two JSON numbers are one decimal: 1.50 and
// 15e-1 are.
func sameDecimal(a, b string) bool {
	da, ea, oka := decimal(a)
	db, eb, okb := decimal(b)
	return oka && okb && da == db && (ea == eb || da == "") && strings.HasPrefix(a, "-") == strings.HasPrefix(b, "-")
}

// decimal takes a number apart into its digits, without zeros at either end,
// and the power of ten of the last one.
func decimal(text string) (digits string, exponent int, ok bool) {
	mantissa := strings.TrimPrefix(text, "-")
	if i := strings.IndexAny(mantissa, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(mantissa[i+1:]); err != nil {
			return "", 0, false
		}
		mantissa = mantissa[:i]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exponent -= len(fraction)
	digits = whole + fraction
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	return strings.TrimLeft(trimmed, "0"), exponent, true
}

// AppendDouble appends a double so that it stays recognisable as one: 1.0, not
// 1. What JSON has no number for becomes a string.
func AppendDouble(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendString(dst, strconv.FormatFloat(f, 'g', -1, 64))
	}
	format := byte('f')
	// The same range as encoding/json (ECMA-262, Number::toString).
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if format == 'f' && !strings.Contains(string(dst[start:]), ".") {
		dst = append(dst, '.', '0')
	}
	return dst
}
