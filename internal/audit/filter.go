// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// checkFilter lets siem_filter sample and limit as long as it cannot drop an event
// of severity high or critical by it. Include, exclude and conditions are rules.
func checkFilter(settings map[string]any) (losses []string) {
	kept, written := settings["keep"]
	if !written || keepsHigh(kept) {
		return nil // the default keeps them
	}
	entries, _ := settings["sampling"].([]any)
	for i, entry := range entries {
		s, _ := entry.(map[string]any)
		if !harmless(s) {
			losses = append(losses, keepLoss(fmt.Sprintf("sampling[%d]", i), s["match"]))
		}
	}
	if limit, ok := settings["rate_limit"]; ok && limit != nil {
		losses = append(losses, keepLoss("rate_limit", "a limit"))
	}
	return losses
}

func keepLoss(key string, found any) string {
	return fmt.Sprintf(`%s: found %v and a keep without them, expected "severity >= 'high'" in keep: it can drop events of severity high and critical`, key, found)
}

var highAndWorse = regexp.MustCompile(`^severity\s*>=\s*(['"])(low|medium|high)(['"])$`)

// keepsHigh reads the forms whose meaning does not depend on the rest of an event.
func keepsHigh(keep any) bool {
	entries, _ := keep.([]any)
	kept := map[event.Severity]bool{}
	for _, entry := range entries {
		text, _ := entry.(string)
		if m := highAndWorse.FindStringSubmatch(strings.TrimSpace(text)); m != nil && m[1] == m[3] {
			return true
		}
		if severity, ok := severityOf(text); ok {
			kept[severity] = true
		}
	}
	return kept[event.SeverityHigh] && kept[event.SeverityCritical]
}

// harmless is an entry of sampling that no event of severity high or critical
// matches, or all of whose events pass.
func harmless(entry map[string]any) bool {
	text, _ := entry["match"].(string)
	severity, ok := severityOf(text)
	if ok && severity != event.SeverityHigh && severity != event.SeverityCritical {
		return true
	}
	return fmt.Sprint(entry["percentage"]) == "100"
}

func severityOf(entry string) (event.Severity, bool) {
	level, ok := strings.CutPrefix(entry, "severity:")
	if !ok {
		return event.SeverityUnknown, false
	}
	return event.ParseSeverity(level)
}
