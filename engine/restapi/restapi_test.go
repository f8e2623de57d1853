package restapi_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/engine/internal/freeport"
	"github.com/keepsql/keepsql/engine/restapi"
	"github.com/keepsql/keepsql/internal/leaktest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	os.Exit(leaktest.Check(code))
}

func start(t *testing.T) (*layerstest.Stack, *restapi.Server) {
	t.Helper()
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	b := layerstest.New(t, io.Discard)
	s := restapi.New(restapi.Options{Log: zerolog.Nop(), Layers: b.Layers, Metrics: func() string { return "proxysql_uptime_seconds_total 5\n" }, Host: "127.0.0.1"})
	b.Boot("")
	b.Run(s.Run)
	return b, s
}

func enable(b *layerstest.Stack, on bool, port int) {
	b.Load("admin_variables", fmt.Sprintf("UPDATE global_variables SET variable_value='%t' WHERE variable_name='admin-restapi_enabled'", on),
		fmt.Sprintf("UPDATE global_variables SET variable_value='%d' WHERE variable_name='admin-restapi_port'", port))
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestOpensAndMoves(t *testing.T) {
	b, s := start(t)
	if a := s.Addr(); a != nil {
		t.Errorf("listens at %v without being asked", a)
	}
	at := func(port int) func() bool {
		return func() bool { a, ok := s.Addr().(*net.TCPAddr); return ok && a.Port == port }
	}
	first, second := freeport.Get(t), freeport.Get(t)
	enable(b, true, first)
	wait(t, "the port to open", at(first))
	resp, err := http.Get("http://" + s.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || string(text) != "proxysql_uptime_seconds_total 5\n" {
		t.Errorf("metrics: %q, %v", text, err)
	}
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		t.Errorf("content type %q", kind)
	}
	enable(b, true, second)
	wait(t, "the port to move", at(second))
	var taken net.Listener
	wait(t, "the first port to be free", func() bool {
		taken, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first))
		return err == nil
	})
	enable(b, true, first)
	wait(t, "the second port to close", func() bool { return s.Addr() == nil })
	taken.Close()
	wait(t, "the first port, now that it is free", at(first))
	enable(b, false, first)
	wait(t, "the port to close", func() bool { return s.Addr() == nil })
}

func TestRoutes(t *testing.T) {
	b, s := start(t)
	enable(b, true, freeport.Get(t))
	wait(t, "the port to open", func() bool { return s.Addr() != nil })
	dir := t.TempDir()
	insert := func(method, uri, body string, timeout int) string {
		path := filepath.Join(dir, uri)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("INSERT INTO restapi_routes(timeout_ms, method, uri, script) VALUES(%d,'%s','%s','%s')", timeout, method, uri, path)
	}
	b.Load("restapi", insert("GET", "echo", `echo "$1"`, 60000), insert("POST", "echopost", `echo "$1"`, 60000),
		insert("GET", "fails", "exit 3", 60000), insert("GET", "noise", "echo hello", 60000), insert("GET", "hangs", "sleep 60 & wait", 100),
		insert("GET", "large", "yes | head -c 20000000", 60000),
		"INSERT INTO restapi_routes(active, timeout_ms, method, uri, script) VALUES(0,1000,'GET','off','/bin/true')",
		"INSERT INTO restapi_routes(timeout_ms, method, uri, script) VALUES(1000,'GET','missing','/does/not/exist')")
	cases := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/sync/echo?user=a%20b&n=1", "", 200, `{"n":"1","user":"a b"}`},
		{"GET", "/sync/echo", "", 200, `{}`},
		{"POST", "/sync/echopost", `{"a": [1, 2]}`, 200, `{"a": [1, 2]}`},
		{"POST", "/sync/echopost", `[1]`, 400, `{"error":"the parameters are not a JSON object"}`},
		{"POST", "/sync/echopost", `null`, 400, `{"error":"the parameters are not a JSON object"}`},
		{"POST", "/sync/echopost", `"` + strings.Repeat("x", 1<<20) + `"`, 400, `{"error":"read the parameters: http: request body too large"}`},
		{"POST", "/sync/echo", `{}`, 405, `{"error":"the route has another method"}`},
		{"GET", "/sync/nothing", "", 404, `{"error":"no such route"}`},
		{"GET", "/sync/off", "", 404, `{"error":"no such route"}`},
		{"GET", "/sync/fails", "", 424, `{"error":"the script failed: exit status 3"}`},
		{"GET", "/sync/missing", "", 424, `{"error":"the script failed: fork/exec /does/not/exist: no such file or directory"}`},
		{"GET", "/sync/noise", "", 424, `{"error":"the script's output is not JSON"}`},
		{"GET", "/sync/large", "", 424, `{"error":"the script failed: it printed more than 16 MiB"}`},
		{"GET", "/sync/hangs", "", 504, `{"error":"the script took longer than 100ms"}`},
	}
	for _, c := range cases {
		req, err := http.NewRequest(c.method, "http://"+s.Addr().String()+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("%s %s: %v", c.method, c.path, err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, strings.TrimSpace(string(text))); diff != "" || resp.StatusCode != c.status {
			t.Errorf("%s %s: status %d, want %d %s", c.method, c.path, resp.StatusCode, c.status, diff)
		}
	}
}
