// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package siemhealthextension

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
)

// browse runs Debian's headless Chromium, and returns what it prints.
func browse(t *testing.T, args ...string) string {
	t.Helper()
	home, err := os.UserCacheDir()
	require.NoError(t, err)
	program := filepath.Join(home, "otelcol-mockforge", "daemons", "bin", "chromium-headless-shell")
	require.FileExists(t, program, "run test/e2e/install-daemons.sh first")
	// The sandbox wants rights that root and containers lack; the page is ours.
	args = append([]string{"--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + t.TempDir()}, args...)
	cmd := exec.CommandContext(t.Context(), program, args...)
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	require.NoError(t, err, log.String())
	return string(out)
}

func screenshot(t *testing.T, file string, args ...string) map[color.RGBA]int {
	t.Helper()
	browse(t, append([]string{"--screenshot=" + file}, args...)...)
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	img, _, err := image.Decode(f)
	require.NoError(t, err)
	pixels := map[color.RGBA]int{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			pixels[color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)]++
		}
	}
	return pixels
}

func hex(t *testing.T, s string) color.RGBA {
	t.Helper()
	n, err := strconv.ParseUint(s, 16, 32)
	require.NoError(t, err)
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}
}

// TestBrowser: the page as a person sees it, light and dark. With -update it
// writes the picture of the README.
func TestBrowser(t *testing.T) {
	destinations, intakes := example(time.Now())
	e := build(t, componenttest.NewNopTelemetrySettings(), nil)
	e.started = time.Now().Add(-48 * time.Hour)
	address := serve(t, e, destinations, intakes)

	light := filepath.Join(t.TempDir(), "light.png")
	if *update {
		light = filepath.Join("..", "..", "docs", "siem-health.png")
	}
	for _, tt := range []struct {
		file, scheme, back, ok, failing, down string
	}{
		{light, "1", "ffffff", "1a7f37", "9a6700", "cf222e"},
		{filepath.Join(t.TempDir(), "dark.png"), "0", "0d1117", "3fb950", "d29922", "ff7b72"},
	} {
		pixels := screenshot(t, tt.file, "--window-size=1440,760", "--blink-settings=preferredColorScheme="+tt.scheme, address)
		assert.Greater(t, pixels[hex(t, tt.back)], 1440*760/4, "background")
		for _, status := range []string{tt.ok, tt.failing, tt.down} {
			assert.Greater(t, pixels[hex(t, status)], 200, "the policy lets the style through: %s", status)
		}
		assert.Greater(t, len(pixels), 50, "there is text")
	}
	info, err := os.Stat(light)
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(100<<10))
}

// TestBrowserRunsNoScript: the texts are texts, and the policy stops a script even
// where the page would let one through. TestBrowserWidths shows that it would run.
func TestBrowserRunsNoScript(t *testing.T) {
	destinations, intakes := example(time.Now())
	destinations[1].LastError = hostile
	address := serve(t, build(t, componenttest.NewNopTelemetrySettings(), nil), destinations, intakes)
	const script = `<script>document.title='mine'</script>`
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: to(t, address), ModifyResponse: inject(script)})
	defer proxy.Close()

	dom := browse(t, "--dump-dom", proxy.URL)
	assert.Contains(t, dom, script)
	assert.Contains(t, dom, "<title>Down: SIEM health</title>")
	got := rows(t, dom)
	require.Len(t, got, 7)
	assert.Equal(t, "logs/datadog siem_journal", got[2][0])
	assert.Contains(t, got[2][1], "Down held until somebody mends it")
	assert.Contains(t, got[2][3], hostile)
}

// TestBrowserWidths: nothing sticks out on a phone or a wide screen, whatever a
// server says.
func TestBrowserWidths(t *testing.T) {
	destinations, intakes := example(time.Now())
	destinations[0].Pipeline = "logs/" + strings.Repeat("x", 200)
	destinations[1].LastError = strings.Repeat("0", 500) + hostile
	intakes[0].Dropped["siem_filter: conditions: "+strings.Repeat("y", 200)] = 1
	address := serve(t, build(t, componenttest.NewNopTelemetrySettings(), nil), destinations, intakes)

	// The page in a frame of each width, with a script that tells the outer one
	// the width and how far something sticks out.
	const measure = `<script>parent.document.body.dataset["w" + innerWidth] = Math.max(...[...document.querySelectorAll("html, body, section, td")]` +
		`.map(e => e.scrollWidth - e.clientWidth))</script>`
	widths := []int{320, 360, 768, 1408, 1409, 1920}
	var frames strings.Builder
	for _, width := range widths {
		fmt.Fprintf(&frames, `<iframe src="/page" width="%d" height="600" frameborder="0"></iframe>`, width)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<!doctype html><body>"+frames.String()+"</body>") // the test sees what is missing
	})
	mux.Handle("/page", http.StripPrefix("/page", &httputil.ReverseProxy{Rewrite: to(t, address), ModifyResponse: func(resp *http.Response) error {
		resp.Header.Del("Content-Security-Policy")
		return inject(measure)(resp)
	}}))
	proxy := httptest.NewServer(mux)
	defer proxy.Close()

	dom := browse(t, "--dump-dom", "--window-size=2000,4000", proxy.URL)
	for _, width := range widths {
		assert.Contains(t, dom, fmt.Sprintf(`data-w%d="0"`, width))
	}
}

// to sends requests on to the extension.
func to(t *testing.T, address string) func(*httputil.ProxyRequest) {
	t.Helper()
	target, err := url.Parse(address)
	require.NoError(t, err)
	return func(r *httputil.ProxyRequest) { r.SetURL(target) }
}

// inject puts a script at the end of a page.
func inject(script string) func(*http.Response) error {
	return func(resp *http.Response) error {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		body = bytes.Replace(body, []byte("</body>"), []byte(script+"</body>"), 1)
		resp.Body = io.NopCloser(bytes.NewReader(body))
		resp.ContentLength = int64(len(body))
		resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}
}
