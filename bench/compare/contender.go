// SPDX-License-Identifier: Apache-2.0

package main

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed configs
var configs embed.FS

// The programs of the contenders.
const (
	collector = "otelcol-mockforge"
	rsyslogd  = "rsyslogd"
	syslogNG  = "syslog-ng"
	bare      = "bare"
)

// contender is a program with settings for the job.
type contender struct {
	name    string
	program string
	binary  string   // the program's file; "" for the usual one
	texts   []string // settings; the later ones over or behind the earlier ones
}

// configured names the files of its settings.
func configured(name, program string, files ...string) contender {
	c := contender{name: name, program: program}
	for _, file := range files {
		text, err := configs.ReadFile("configs/" + file)
		if err != nil {
			panic(err) // it is embedded
		}
		c.texts = append(c.texts, string(text))
	}
	return c
}

// with adds settings.
func (c contender) with(texts ...string) contender {
	c.texts = append(append([]string(nil), c.texts...), texts...)
	return c
}

// The two ways of ours. direct is what the others do; durable keeps each event
// through a crash.
const (
	oursDirect  = "ours, direct"
	oursDurable = "ours, durable"
)

func ours(from string) []contender {
	durable := []string{"collector.yaml", "ours.yaml", "ours-filter.yaml", "ours-" + from + ".yaml", "ours-durable.yaml"}
	if from == "file" {
		durable = append(durable, "ours-durable-file.yaml")
	}
	return []contender{
		configured(oursDirect, collector, "collector.yaml", "ours.yaml", "ours-filter.yaml", "ours-"+from+".yaml", "ours-direct.yaml"),
		configured(oursDurable, collector, durable...),
	}
}

// beside adds the same of another build.
func beside(ours []contender, binary string) []contender {
	for _, c := range ours {
		c.name, c.binary = "baseline, "+c.name, binary
		ours = append(ours, c)
	}
	return ours
}

// readers do the job from a file.
func readers() []contender {
	return append(ours("file"),
		configured("rsyslog, tuned", rsyslogd, "rsyslog-tuned.conf", "rsyslog-job.conf", "rsyslog-file.conf"),
		configured("rsyslog", rsyslogd, "rsyslog.conf", "rsyslog-job.conf", "rsyslog-file.conf"),
		configured("syslog-ng", syslogNG, "syslog-ng.conf", "syslog-ng-file.conf"),
		configured("contrib", collector, "collector.yaml", "contrib.yaml", "contrib-file.yaml"),
		configured("contrib, tuned", collector, "collector.yaml", "contrib.yaml", "contrib-file.yaml", "contrib-tuned.yaml"),
	)
}

// syslogServers do the job from syslog over TCP.
func syslogServers() []contender {
	return append(ours("tcp"),
		configured("rsyslog, tuned", rsyslogd, "rsyslog-tuned.conf", "rsyslog-job.conf", "rsyslog-tcp.conf"),
		configured("syslog-ng", syslogNG, "syslog-ng.conf", "syslog-ng-tcp.conf"),
		configured("contrib", collector, "collector.yaml", "contrib.yaml", "contrib-tcp.yaml"),
	)
}

// httpServers take events by HTTP. bare only reads them.
func httpServers() []contender {
	return append(ours("http"), contender{name: "bare net/http", program: bare})
}

// path is where the contender's program is.
func (c contender) path(o options) (string, error) {
	switch {
	case c.binary != "":
		return filepath.Abs(c.binary)
	case c.program == collector:
		return filepath.Abs(o.binary)
	case c.program == bare:
		return os.Executable()
	default:
		return filepath.Join(o.daemons, c.program), nil
	}
}

// command writes the settings into dir and returns how the program is started
// with them.
func (c contender) command(o options, dir, port string) (*exec.Cmd, error) {
	program, err := c.path(o)
	if err != nil {
		return nil, err
	}
	texts := c.texts
	if c.program != collector && c.program != bare {
		texts = []string{strings.Join(texts, "\n")}
	}
	var files []string
	for i, text := range texts {
		file := filepath.Join(dir, fmt.Sprintf("%d.conf", i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	var args []string
	switch c.program {
	case collector:
		for _, file := range files {
			args = append(args, "--config", file)
		}
	case rsyslogd:
		args = []string{"-n", "-f", files[0], "-i", filepath.Join(dir, "pid")}
	case syslogNG:
		args = []string{
			"-F", "--no-caps", "--stderr", "-f", files[0],
			"-R", filepath.Join(dir, "persist"), "-p", filepath.Join(dir, "pid"), "-c", filepath.Join(dir, "ctl"),
		}
	case bare:
		args = []string{bareCommand, "127.0.0.1:" + port}
	}
	return exec.Command(program, args...), nil //nolint:gosec // what the user wants measured
}
