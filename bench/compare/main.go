// SPDX-License-Identifier: Apache-2.0

// Command compare measures the collector beside rsyslog, syslog-ng and a
// pipeline of contrib's components, all at one job in one run: MockForge's events
// are parsed, filtered, tagged with the controls they are evidence for, and
// written as lines of JSON. README.md says how to read the tables.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// options are the settings of a run.
type options struct {
	events      int    // of the jobs; fewer where one is a request of its own
	runs        int    // of each contender; tables show medians
	connections int    // of the clients
	job         string // part of the titles of the jobs; all by default
	binary      string // the collector
	baseline    string // another build of it, in the place of the other programs
	daemons     string // folder of rsyslogd and syslog-ng
	dir         string // for events and what becomes of them
	scaling     bool   // measure how cost grows, in the place of the comparison
	long        bool   // scale to ten times as many events
	profile     string // folder for CPU profiles, in the place of the comparison
	write       string // file that gets the tables
}

// minEvents leave some that are kept in a hundredth of them.
const minEvents = 10_000

func main() {
	if len(os.Args) == 3 && os.Args[1] == bareCommand {
		exit(serveBare(os.Args[2]))
		return
	}
	cache, err := os.UserCacheDir()
	exit(err)
	var o options
	flag.IntVar(&o.events, "events", 1_000_000, "how many `events` a job has")
	flag.IntVar(&o.runs, "runs", 5, "how often each contender runs")
	flag.IntVar(&o.connections, "connections", 32, "how many connections the HTTP client has")
	flag.StringVar(&o.job, "job", "", "only the jobs with this `text` in their titles, such as file or HTTP")
	flag.StringVar(&o.binary, "binary", "bin/otelcol-mockforge", "the collector")
	flag.StringVar(&o.baseline, "baseline", "", "compare with this other `build` of the collector, and with nothing else")
	flag.StringVar(&o.daemons, "daemons", filepath.Join(cache, "otelcol-mockforge", "daemons", "bin"), "`folder` of rsyslogd and syslog-ng")
	flag.StringVar(&o.dir, "dir", "", "`folder` for events and output; needs some 2 GB for a million events")
	flag.BoolVar(&o.scaling, "scaling", false, "measure how the cost grows with events, destinations and alert rules instead")
	flag.BoolVar(&o.long, "long", false, "with -scaling: up to ten times as many events")
	flag.StringVar(&o.profile, "profile", "", "take CPU profiles of the collector into this `folder` instead")
	flag.StringVar(&o.write, "write", "", "`file` whose tables are replaced by these")
	flag.Parse()
	exit(run(o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(o options) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.events < minEvents || o.runs < 1 {
		return fmt.Errorf("-events, -runs: found %d and %d, expected at least %d and 1", o.events, o.runs, minEvents)
	}
	b := &bench{options: o, sources: make(map[int]*source)}
	if len(b.jobs()) == 0 {
		return fmt.Errorf("-job: found %q, expected a part of a job's title, such as file or HTTP", o.job)
	}
	b.dir, err = os.MkdirTemp(o.dir, "compare")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	switch {
	case o.profile != "":
		return b.profiles(ctx)
	case o.scaling:
		return b.report("scaling", func() ([]table, error) { return b.scale(ctx) })
	default:
		return b.report("compare", func() ([]table, error) { return b.compare(ctx) })
	}
}
