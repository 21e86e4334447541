// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// table is one of Markdown.
type table struct {
	title  string
	header []string
	rows   [][]string
	note   string
}

func (t table) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "**%s.** %s\n\n| %s |\n|%s\n", t.title, t.note, strings.Join(t.header, " | "), strings.Repeat(" --- |", len(t.header)))
	for _, row := range t.rows {
		fmt.Fprintf(&s, "| %s |\n", strings.Join(row, " | "))
	}
	return s.String()
}

// report prints tables, and puts them between the marks of that name in the file
// that is to have them.
func (b *bench) report(mark string, measure func() ([]table, error)) error {
	tables, err := measure()
	if err != nil {
		return err
	}
	parts := []string{b.machine() + "\n"}
	for _, t := range tables {
		parts = append(parts, t.String())
	}
	text := strings.Join(parts, "\n")
	fmt.Print(text)
	if b.write == "" {
		return nil
	}
	page, err := os.ReadFile(b.write)
	if err != nil {
		return err
	}
	if page, err = between(page, mark, text); err != nil {
		return fmt.Errorf("%s: %w", b.write, err)
	}
	return os.WriteFile(b.write, page, 0o644) //nolint:gosec // a page for all to read
}

// between replaces what stands between the marks of a name.
func between(page []byte, mark, text string) ([]byte, error) {
	begin, end := fmt.Appendf(nil, "<!-- %s -->\n", mark), fmt.Appendf(nil, "<!-- /%s -->\n", mark)
	before, rest, ok := bytes.Cut(page, begin)
	_, after, found := bytes.Cut(rest, end)
	if !ok || !found {
		return nil, fmt.Errorf("found no marks %q and %q, expected both", bytes.TrimSpace(begin), bytes.TrimSpace(end))
	}
	return bytes.Join([][]byte{before, begin, []byte(text), end, after}, nil), nil
}

// machine says where and with what was measured.
func (b *bench) machine() string {
	said := []string{time.Now().UTC().Format(time.DateOnly), fmt.Sprintf("%d cores, %s", runtime.NumCPU(), processor()), runtime.Version()}
	for _, of := range []struct{ program, flag string }{{collector, "--version"}, {rsyslogd, "-v"}, {syslogNG, "--version"}} {
		path, err := contender{program: of.program}.path(b.options)
		if err != nil {
			continue
		}
		if out, err := exec.Command(path, of.flag).Output(); err == nil { //nolint:gosec // a contender
			said = append(said, version(string(out)))
		}
	}
	return strings.Join(said, "; ") + "."
}

// version shortens what a program says of itself: "rsyslogd  8.2302.0 (aka …"
// and "syslog-ng 3 (3.38.1)".
func version(out string) string {
	line, _, _ := strings.Cut(out, "\n")
	line, _, _ = strings.Cut(line, " (aka")
	return strings.Join(strings.Fields(line), " ")
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
