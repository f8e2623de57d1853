package restapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
)

// route is an active row of restapi_routes.
type route struct {
	method, uri, script string
	timeout             time.Duration
}

func readRoutes(rows *schema.Rows) []route {
	routes := []route{}
	for i := range rows.Rows {
		if rows.Get(i, "active").Text != "1" {
			continue
		}
		ms, _ := strconv.Atoi(rows.Get(i, "timeout_ms").Text) // the table lets whole numbers from 100 on pass
		routes = append(routes, route{
			method: strings.ToUpper(rows.Get(i, "method").Text), uri: rows.Get(i, "uri").Text, script: rows.Get(i, "script").Text,
			timeout: time.Duration(ms) * time.Millisecond,
		})
	}
	return routes
}

// sync serves a route: the program gets the parameters as one JSON object in its first argument, and what it prints, which
// has to be JSON, is the answer. Without a route the status is 404, for another method 405, for parameters that are no JSON
// object 400, for a program that fails or prints something else 424, for one that takes too long 504.
func (s *Server) sync(w http.ResponseWriter, r *http.Request) {
	found, other := s.find(r.Method, r.PathValue("uri"))
	switch {
	case found == nil && other:
		refuse(w, http.StatusMethodNotAllowed, "the route has another method")
		return
	case found == nil:
		refuse(w, http.StatusNotFound, "no such route")
		return
	}
	params, err := parameters(w, r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("%d programs are running already", maxRunning))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), found.timeout)
	defer cancel()
	out, err := run(ctx, found.script, string(params))
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		refuse(w, http.StatusGatewayTimeout, fmt.Sprintf("the script took longer than %s", found.timeout))
	case err != nil:
		refuse(w, http.StatusFailedDependency, "the script failed: "+err.Error())
	case !json.Valid(out):
		refuse(w, http.StatusFailedDependency, "the script's output is not JSON")
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(out) // a client that has left needs no answer
	}
}

// find gives the route; other tells that the uri has one for another method.
func (s *Server) find(method, uri string) (found *route, other bool) {
	for _, r := range *s.routes.Load() {
		if r.uri == uri && r.method == method {
			return &r, false
		}
		other = other || r.uri == uri
	}
	return nil, other
}

// parameters gives the JSON object for the script: that of the body, or one of the query's values.
func parameters(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			return nil, fmt.Errorf("read the parameters: %w", err)
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(body, &object); err != nil || object == nil {
			return nil, errors.New("the parameters are not a JSON object")
		}
		return body, nil
	}
	values := map[string]string{}
	for name, v := range r.URL.Query() {
		values[name] = v[0]
	}
	return json.Marshal(values)
}

// run runs a script and gives what it printed.
func run(ctx context.Context, script, argument string) ([]byte, error) {
	var out limited
	cmd := exec.CommandContext(ctx, script, argument)
	cmd.Stdout = &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if out.full {
		err = fmt.Errorf("it printed more than %d MiB", maxOutput>>20)
	}
	return out.kept, err
}

// limited keeps the output of a script; more than maxOutput makes the script fail.
type limited struct {
	kept []byte
	full bool
}

func (l *limited) Write(p []byte) (int, error) {
	if len(l.kept)+len(p) > maxOutput {
		l.full = true
		return 0, io.ErrShortWrite
	}
	l.kept = append(l.kept, p...)
	return len(p), nil
}

func refuse(w http.ResponseWriter, status int, why string) {
	text, _ := json.Marshal(map[string]string{"error": why}) // strings always encode
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that has left needs no answer
}
