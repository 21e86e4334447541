// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"count": count, "signed": signed}).Parse(pageHTML))

// contentSecurityPolicy allows the page its own style and nothing else.
var contentSecurityPolicy = fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", styleHash())

func styleHash() string {
	sum := sha256.Sum256([]byte(pageCSS))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// page is what the template gets.
type page struct {
	report
	Style   template.CSS
	Refresh bool
}

// servePage answers 200 whatever it says: a browser hides the text of other pages.
func (e *healthExtension) servePage(w http.ResponseWriter, r *http.Request) {
	p := page{report: e.report(time.Now()), Style: template.CSS(pageCSS), Refresh: r.URL.Query().Get("refresh") != "off"} //nolint:gosec // the style is ours
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, p); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = body.WriteTo(w) // the client may be gone
}

// Summary says how it is in one sentence.
func (p page) Summary() string {
	of := map[status]int{}
	for _, d := range p.Destinations {
		of[d.Status]++
	}
	all := len(p.Destinations)
	switch {
	case all == 0:
		return "No destination is known."
	case of[statusDown] > 0:
		return fmt.Sprintf("%d of %d destinations down.", of[statusDown], all)
	case of[statusFailing] > 0:
		return fmt.Sprintf("%d of %d destinations failing.", of[statusFailing], all)
	case all == 1:
		return "The destination takes events."
	default:
		return fmt.Sprintf("All %d destinations take events.", all)
	}
}

// Unaccounted is how many events are missing or counted twice in any of the books.
func (p page) Unaccounted() uint64 {
	sum := int64(0)
	for _, d := range p.Destinations {
		sum += max(d.Unaccounted, -d.Unaccounted)
	}
	for _, i := range p.Intakes {
		sum += max(i.Unaccounted, -i.Unaccounted)
	}
	return uint64(sum)
}

// Word is the status for people.
func (s status) Word() string {
	return map[status]string{statusOK: "OK", statusFailing: "Failing", statusDown: "Down"}[s]
}

var answers = map[string]string{
	"delivered": "took the events",
	"retry":     "asked again and again",
	"held":      "held until somebody mends it",
	"refused":   "refused events for good",
}

// Answer says what the last answer meant.
func (d destinationReport) Answer() string {
	if d.State == "" {
		return "has not been asked yet"
	}
	if words, ok := answers[d.State]; ok {
		return words
	}
	return d.State
}

// Ago is a time's distance, such as "3 min ago".
func (p page) Ago(t *time.Time) string { return p.Since(t) + " ago" }

// Since is how long a time is past, in its two largest units.
func (p page) Since(t *time.Time) string {
	d := max(0, p.Time.Sub(*t))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

// UTC is a time for people.
func (page) UTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// Machine is a time for the attribute datetime.
func (page) Machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// count puts commas between thousands.
func count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func signed(n int64) string {
	if n < 0 {
		return "-" + count(uint64(-n))
	}
	return count(uint64(n))
}
