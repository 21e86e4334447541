// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func compact(t testing.TB, in string) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, []byte(in)))
	return b.String()
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]any{
		"0": int64(0), "-1": int64(-1), "9223372036854775807": int64(math.MaxInt64), "-9223372036854775808": int64(math.MinInt64),
		"9223372036854775808": "9223372036854775808", "18446744073709551616": "18446744073709551616",
		"0.1": 0.1, "1.0": 1.0, "1.50": 1.5, "1e3": 1000.0, "1E+3": 1000.0, "100e-2": 1.0, "0.0": 0.0, "0e7": 0.0,
		"-0": math.Copysign(0, -1), "-0.0": math.Copysign(0, -1),
		"0.12345678901234567890": "0.12345678901234567890", "1e400": "1e400", "1e-400": "1e-400",
		"1e99999999999999999999": "1e99999999999999999999", "5e-324": 5e-324, "1.7976931348623157e308": math.MaxFloat64,
		"123456789012345678901234567890": "123456789012345678901234567890",
	} {
		v := pcommon.NewValueEmpty()
		_, isText := want.(string)
		assert.Equal(t, !isText, setNumber(v, in), in)
		assert.Equal(t, want, v.AsRaw(), in)
	}
}

// TestShortDecimals: what is taken without a look at what comes back does come
// back as it was.
func TestShortDecimals(t *testing.T) {
	for range 200_000 {
		digits := strconv.FormatUint(rand.Uint64N(1e15), 10)
		point := rand.IntN(len(digits)) + 1
		text := digits[:point] + "." + digits[point:]
		if point == len(digits) {
			text += "0"
		}
		if rand.IntN(2) == 0 {
			text = "-" + text
		}
		f, ok := parseDouble(text)
		require.Equal(t, sameDecimal(text, strconv.FormatFloat(f, 'e', -1, 64)), ok, text)
		require.True(t, ok, text)
	}
}

func TestDoublesStayDoubles(t *testing.T) {
	for want, f := range map[string]float64{
		"1.0": 1, "-0.0": math.Copysign(0, -1), "0.1": 0.1, "1e+21": 1e21, "1e-07": 1e-7, "100000000000000000000.0": 1e20,
		`"NaN"`: math.NaN(), `"+Inf"`: math.Inf(1),
	} {
		assert.Equal(t, want, string(AppendDouble(nil, f)))
	}
}

func TestStrings(t *testing.T) {
	for in, want := range map[string]string{
		`plain`: "plain", `a\"b\\c\/d`: `a"b\c/d`, `\b\f\n\r\t`: "\b\f\n\r\t", `\u00e9\u4e2d`: "é中",
		`\ud83d\ude00`: "😀", `\uD83D\uDE00!`: "😀!", `\u0000`: "\x00", `<>&`: "<>&",
	} {
		got, replaced := unescape(in)
		assert.Equal(t, want, got)
		assert.False(t, replaced)
	}
	for _, in := range []string{`\ud800`, `\udc00`, `\ud800\u0041`, `\ud800x`, `\ud800\n`} {
		got, replaced := unescape(in)
		assert.True(t, replaced, in)
		assert.True(t, strings.HasPrefix(got, "\uFFFD"), in)
	}
	assert.Equal(t, `"<>& \u0001\u001f\n é\\\""`, string(appendString(nil, "<>& \x01\x1f\n é\\\"")))
	assert.Equal(t, `"a�b"`, string(appendString(nil, "a\xffb")))
}

func TestEncodeOtherTypes(t *testing.T) {
	v := pcommon.NewValueMap()
	v.Map().PutEmptyBytes("b").FromRaw([]byte{1, 2, 3})
	v.Map().PutEmpty("n")
	v.Map().PutEmptySlice("s").AppendEmpty().SetBool(true)
	assert.Equal(t, `{"b":"AQID","n":null,"s":[true]}`, string(AppendJSON(nil, v)))
}

func TestRedactUsername(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
	for _, tt := range []struct{ name, in, want string }{
		{"name", "admin", "admin"},
		{"mail", "alice@example.com", "alice@example.com"},
		{"full name", "Alice Example", "Alice Example"},
		{"dotted", "first.middle.last", "first.middle.last"},
		{"uuid", "550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"},
		{"service", "system:serviceaccount:prod:mockforge-collector-01", "system:serviceaccount:prod:mockforge-collector-01"},
		{"windows sid", "S-1-5-21-3623811015-3361044348-30300820-1013", "S-1-5-21-3623811015-3361044348-30300820-1013"},
		{"host", "prod-kubernetes-worker-node-01-eu-west-1a", "prod-kubernetes-worker-node-01-eu-west-1a"},
		{"empty", "", ""},
		{"jwt", jwt, hashed(jwt)},
		{"unsigned jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", hashed("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.")},
		{"bearer", "Bearer " + jwt, hashed(jwt)},
		{"short bearer", "bearer abc", hashed("abc")},
		{"basic", "YWRtaW46aHVudGVyMg==", "admin"},
		{"basic unpadded", "YWRtaW46aHVudGVyMg", "admin"},
		{"basic scheme", "Basic YWRtaW46aHVudGVyMg==", "admin"},
		{"basic without user", "OnNlY3JldA==", hashed("OnNlY3JldA==")},
		{"padded by spaces", " YWRtaW46aHVudGVyMg== ", "admin"},
		{"jwt after a space", " " + jwt, hashed(jwt)},
		{"latin-1 password", "YWRtaW46cORzc3f2cmQ=", "admin"},
		{"latin-1 unpadded", "YWRtaW46cORzc3f2cmQ", "admin"},
		{"binary password", "YWRtaW46AAECAwQ=", "admin"},
		{"binary user", "AAECOnBhc3M=", hashed("AAECOnBhc3M=")},
		{"base64url", "YWRtaW46Pz8_Pz8-", "admin"},
		{"jwe", "eyJhbGciOiJSU0EifQ.a.b.c.d", hashed("eyJhbGciOiJSU0EifQ.a.b.c.d")},
		{"digest", `Digest username="a", nonce="b"`, hashed(`username="a", nonce="b"`)},
		{"aws", "AWS4-HMAC-SHA256 Credential=a", hashed("Credential=a")},
		{"22 characters", "mJ4xq-Zt_9aPw2Lk7RdYQe", hashed("mJ4xq-Zt_9aPw2Lk7RdYQe")},
		{"43 characters", "aB-dE_gH-jK_mN-pQ_sT-vW_yZ-1a_3C-5e_7G-9iK_", hashed("aB-dE_gH-jK_mN-pQ_sT-vW_yZ-1a_3C-5e_7G-9iK_")},
		{"name that is base64", "operator", "operator"},
		{"title", "Token", "Token"},
		{"scheme without a credential", "Bearer ", "Bearer "},
		{"basic with utf-8", "asO8cmdlbjpnZWhlaW0=", "jürgen"},
		{"basic of token", base64.StdEncoding.EncodeToString([]byte("ghp_16C7e42F292c6912E7710c838347:x")), hashed("ghp_16C7e42F292c6912E7710c838347")},
		{"hex token", strings.Repeat("0123abcd", 4), hashed(strings.Repeat("0123abcd", 4))},
		{"api key", "mf_live_4f9d2c81b7e64a0c9f3d5e2a", hashed("mf_live_4f9d2c81b7e64a0c9f3d5e2a")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, redactUsername(tt.in, false))
		})
	}
}

// TestNamesStay: what is called so is not taken for a credential, even where
// base64 would decode it.
func TestNamesStay(t *testing.T) {
	for _, name := range []string{
		"root", "user", "test", "admin", "guest", "alice", "bob", "username", "developer", "operator", "sysadmin", "postgres", "jenkins1",
		"mockforge-ci", "ci_runner_01", "john.doe", "JohnDoe1984", "svc-backup@corp.example", "CORP\\jdoe", "CN=John Doe,OU=IT", "Jürgen Müller",
		"kubernetes-dashboard-readonly", "arn:aws:iam::123456789012:user/alice", "user-550e8400", "0123456789", "deadbeef",
	} {
		assert.Equal(t, name, redactUsername(name, true))
	}
	const uuid = "550e8400-e29b-41d4-a716-446655440000"
	assert.Equal(t, uuid, redactUsername(uuid, false))
	assert.Equal(t, hashed(uuid), redactUsername(uuid, true), "MockForge puts a token there")
}

// TestRandomTokensAreRedacted: next to none of a generator's tokens come
// through.
func TestRandomTokensAreRedacted(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{16, 20, 24, 32, 48} {
		missed := 0
		for range 10_000 {
			token := make([]byte, size)
			for i := range token {
				token[i] = byte(random.Uint32())
			}
			if text := base64.RawURLEncoding.EncodeToString(token); redactUsername(text, true) == text {
				missed++
			}
		}
		// A token without a single digit does occur.
		assert.Less(t, missed, map[int]int{16: 400, 20: 200, 24: 80, 32: 20, 48: 3}[size], "%d bytes", size)
	}
}

func TestRedactionReachesBody(t *testing.T) {
	in := `{"event_type":"auth.failure","actor":{"user_id":null,"username":"YWRtaW46aHVudGVyMg==","ip_address":null}}`
	rec := only(t, decode(t, Options{RedactCredentials: true}, in).Logs())
	assert.Equal(t, `{"event_type":"auth.failure","actor":{"user_id":null,"username":"admin","ip_address":null}}`, string(AppendJSON(nil, rec.Body())))
	name, _ := rec.Attributes().Get(AttrUserName)
	assert.Equal(t, "admin", name.Str())

	rec = only(t, decode(t, Options{}, in).Logs())
	assert.Equal(t, in, string(AppendJSON(nil, rec.Body())), "redaction can be switched off")
}

// FuzzDecode holds that no input panics, that what is accepted is what
// encoding/json accepts, and that it comes back as the same JSON value.
func FuzzDecode(f *testing.F) {
	inputs, err := filepath.Glob("testdata/decode/*json")
	require.NoError(f, err)
	for _, input := range inputs {
		data, err := os.ReadFile(input)
		require.NoError(f, err)
		f.Add(data)
	}
	for _, s := range []string{`{"event_type":"\ud800","n":[-0,1e400,0.1]}`, `[{"event_type":"a"}]`, "{\"event_type\":\"\xff\"}", `{"event_type":"a","actor":{"username":"Og=="}}`} {
		f.Add([]byte(s))
	}
	d := NewDecoder(Options{RedactCredentials: true})
	f.Fuzz(func(t *testing.T, data []byte) {
		b := d.NewBatch(arrival)
		if err := b.AddAll(data); err != nil {
			var refused *Error
			require.ErrorAs(t, err, &refused)
			require.NotEmpty(t, refused.Reason)
			require.LessOrEqual(t, refused.Offset, len(data))
			return
		}
		require.True(t, utf8.Valid(data))
		require.Equal(t, b.Len(), b.Logs().LogRecordCount())
		if b.Len() != 1 || b.Warnings()[WarnRedacted] > 0 {
			return
		}
		rec := only(t, b.Logs())
		got := AppendJSON(nil, rec.Body())
		data = bytes.TrimPrefix(bytes.TrimSpace(data), []byte(utf8BOM))
		if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
			got = append(append([]byte("["), got...), ']')
		}
		assert.Equal(t, parse(t, data), parse(t, got))
	})
}

// parse reads JSON so that equal values compare equal: numbers as fractions,
// and as text where the codec keeps text.
func parse(t testing.TB, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v), "%q", data)
	return normal(v)
}

func normal(v any) any {
	switch v := v.(type) {
	case json.Number:
		if _, isInt := parseInt(v.String()); !isInt {
			if _, isDouble := parseDouble(v.String()); !isDouble {
				return v.String()
			}
		}
		r, ok := new(big.Rat).SetString(v.String())
		if !ok {
			return v.String()
		}
		return "number " + r.RatString()
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = normal(v[k])
		}
	}
	return v
}
