// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"golang.org/x/net/html"

	"github.com/mockforge/otelcol-mockforge/internal/health"
)

// rows are the texts of the cells of each row of the page's tables.
func rows(t testing.TB, body string) [][]string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	require.NoError(t, err)
	var all [][]string
	for n := range doc.Descendants() {
		switch n.Data {
		case "tr":
			all = append(all, nil)
		case "td", "th":
			all[len(all)-1] = append(all[len(all)-1], text(n))
		}
	}
	return all
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// hostile is what a server may say to those who look.
const hostile = `</td></table><script>document.title='mine'</script><img src=x onerror=alert(1)> "'&amp;`

func TestPage(t *testing.T) {
	now := time.Now()
	destinations, intakes := example(now)
	destinations[1].LastError = hostile
	url := serve(t, build(t, componenttest.NewNopTelemetrySettings(), nil), destinations, intakes)
	_, body := ask(t, http.MethodGet, url)
	got := rows(t, body)
	require.Len(t, got, 7)
	for _, row := range got {
		for i, cell := range row {
			assert.NotEmpty(t, cell, "cell %d of %q", i, row[0])
		}
	}
	assert.Equal(t, []string{
		"Destination", "State", "Last success", "Last error", "Received", "Delivered", "Filtered", "Sampled", "Rate limited",
		"Dead letters", "Damaged", "Queued", "Unaccounted",
	}, got[0])
	assert.Equal(t, "logs/archive siem_journal", got[1][0])
	assert.Equal(t, "OK took the events 0 failed, 0 retried", got[1][1])
	assert.Equal(t, []string{"none", "1,204,518", "1,204,518", "0", "0", "0", "0", "0", "0", "0"}, got[1][3:])

	assert.Equal(t, "Down held until somebody mends it, failing for 1 d 2 h 3,120 failed, 3,119 retried", got[2][1])
	assert.Equal(t, "1 d 2 h ago "+page{}.UTC(*destinations[1].LastSuccess), got[2][2])
	assert.Regexp(t, "^"+regexp.QuoteMeta(hostile)+` 1\d s ago, `, got[2][3])
	assert.Equal(t, []string{"1,204,518", "1,100,000", "0", "0", "0", "3", "2", "104,500 oldest 1 d 2 h", "13"}, got[2][4:])

	assert.Regexp(t, `^Failing asked again and again, failing for 1 min \d+ s 5 failed, 4 retried$`, got[3][1])
	assert.Equal(t, []string{"300,000", "4,000", "318"}, got[3][6:9])

	assert.Equal(t, []string{"Protocol", "Accepted", "Refused", "Refused requests", "Journaled", "Dropped by rule", "Unaccounted"}, got[4])
	assert.Equal(t, []string{
		"http mockforge", "1,204,500", "7", "2", "1,200,480", "siem_filter: exclude: severity:low: 4,000 siem_filter: include: 20", "0",
	}, got[5])
	assert.Equal(t, []string{"syslog_udp mockforge", "4,038", "0", "0", "4,038", "none", "0"}, got[6])
	assert.Contains(t, body, "1 of 3 destinations down.")
	assert.Contains(t, body, "Events unaccounted for: 13.")
}

// TestPageNeedsNothingElse: no script, no outside asset, and a policy that allows
// the style of the page alone.
func TestPageNeedsNothingElse(t *testing.T) {
	destinations, intakes := example(time.Now())
	destinations[0].Pipeline, destinations[1].LastError, intakes[0].Dropped = hostile, hostile, map[string]uint64{hostile: 1}
	url := serve(t, build(t, componenttest.NewNopTelemetrySettings(), nil), destinations, intakes)
	resp, body := ask(t, http.MethodGet, url)
	assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))

	doc, err := html.Parse(strings.NewReader(body))
	require.NoError(t, err)
	var style string
	for n := range doc.Descendants() {
		assert.NotContains(t, []string{"script", "link", "img", "iframe", "object", "form"}, n.Data)
		if n.Data == "style" {
			style = n.FirstChild.Data
		}
		for _, a := range n.Attr {
			assert.NotContains(t, []string{"src", "style", "onclick", "onload"}, a.Key)
			if a.Key == "href" {
				assert.True(t, strings.HasPrefix(a.Val, "/"), a.Val)
			}
		}
	}
	sum := sha256.Sum256([]byte(style))
	assert.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", resp.Header.Get("Content-Security-Policy"))
}

func TestPageRefreshes(t *testing.T) {
	url := serve(t, build(t, componenttest.NewNopTelemetrySettings(), nil), nil, nil)
	refresh := regexp.MustCompile(`<meta http-equiv="refresh" content="15">`)
	_, body := ask(t, http.MethodGet, url+"/")
	assert.Regexp(t, refresh, body)
	_, body = ask(t, http.MethodGet, url+"/?refresh=off")
	assert.NotRegexp(t, refresh, body)
}

func TestWords(t *testing.T) {
	p := page{report: at(t, noon, nil, nil)}
	assert.Equal(t, "No destination is known.", p.Summary())
	for want, d := range map[string]time.Duration{
		"0 s ago": -time.Hour, "59 s ago": 59 * time.Second, "1 min 1 s ago": 61 * time.Second,
		"23 h 59 min ago": 24*time.Hour - time.Second, "100 d 1 h ago": 2401 * time.Hour,
	} {
		assert.Equal(t, want, p.Ago(before(noon, d)))
	}
	one, failing := health.Destination{}, health.Destination{FailingSince: &noon}
	p.report = at(t, noon, []health.Destination{one}, nil)
	assert.Equal(t, "The destination takes events.", p.Summary())
	p.report = at(t, noon, []health.Destination{one, one}, nil)
	assert.Equal(t, "All 2 destinations take events.", p.Summary())
	p.report = at(t, noon, []health.Destination{one, failing}, nil)
	assert.Equal(t, "1 of 2 destinations failing.", p.Summary())

	assert.Zero(t, p.Unaccounted())
	p.report = at(t, noon, []health.Destination{{Books: health.Books{Received: 3}}, {Books: health.Books{Queued: 2}}}, []health.Intake{{Journaled: 1}})
	assert.EqualValues(t, 6, p.Unaccounted(), "one more does not make up for one less")

	p.report = at(t, noon, []health.Destination{one}, nil)
	assert.Equal(t, "has not been asked yet", p.Destinations[0].Answer())
	assert.Equal(t, "something new", destinationReport{Destination: health.Destination{State: "something new"}}.Answer())
	assert.Equal(t, []string{"0", "999", "1,000", "18,446,744,073,709,551,615"},
		[]string{count(0), count(999), count(1000), count(1<<64 - 1)})
	assert.Equal(t, []string{"-1,000", "12"}, []string{signed(-1000), signed(12)})
}

func BenchmarkPage(b *testing.B) {
	destinations, intakes := example(noon)
	p := page{report: at(b, noon, destinations, intakes)}
	b.ReportAllocs()
	for b.Loop() {
		if err := pageTemplate.Execute(io.Discard, p); err != nil {
			b.Fatal(err)
		}
	}
}
