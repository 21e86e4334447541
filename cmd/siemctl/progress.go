// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on a terminal, and nothing but its messages anywhere else.
type progress struct {
	w   io.Writer
	bar *progressbar.ProgressBar // nil where there is no terminal
}

// newProgress shows how much of total is done; bytes says that it is bytes.
func newProgress(w io.Writer, total int64, title string, bytes bool) *progress {
	p := &progress{w: w}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return p
	}
	p.bar = progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(title),
		progressbar.OptionShowBytes(bytes),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(30),
	)
	return p
}

func (p *progress) add(n int64) {
	if p.bar != nil {
		_ = p.bar.Add64(n) // a bar that cannot be drawn is no reason to stop
	}
}

// say writes a line above the bar.
func (p *progress) say(line string) {
	if p.bar != nil {
		_ = p.bar.Clear() // the same
	}
	_, _ = fmt.Fprintln(p.w, line) // the same
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish() // the same
	}
}
