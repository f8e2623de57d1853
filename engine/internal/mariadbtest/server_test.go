package mariadbtest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
)

func TestServerLife(t *testing.T) {
	s := mariadbtest.Start(t, mariadbtest.Opts{
		Args: []string{"--server-id=7"},
		SQL:  []string{"CREATE DATABASE d", "CREATE TABLE d.t (a INT, b VARCHAR(10)) ENGINE=InnoDB"},
	})
	s.Exec(t, "INSERT INTO d.t VALUES (1,'x'),(2,NULL)")
	s.Stop()
	if err := s.Again(); err != nil {
		t.Fatal(err)
	}
	got := s.Query(t, "SELECT a, b, @@server_id FROM d.t ORDER BY a")
	if d := cmp.Diff([][]string{{"1", "x", "7"}, {"2", "NULL", "7"}}, got); d != "" {
		t.Error(d)
	}

	s.Freeze()
	db := s.DB("")
	defer db.Close()
	answered := make(chan error, 1)
	go func() { answered <- db.Ping() }()
	select {
	case err := <-answered:
		t.Errorf("a frozen server answered: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	s.Thaw()
	if err := <-answered; err != nil {
		t.Errorf("after thaw: %v", err)
	}

	s.Kill()
	if err := db.Ping(); err == nil {
		t.Error("a killed server answered")
	}
	want := [][]string{{"root", "127.0.0.1"}, {"root", "localhost"}}
	if err := s.Again(); err != nil {
		t.Fatal(err)
	}
	got = s.Query(t, "SELECT User, Host FROM mysql.user WHERE User<>'mariadb.sys' ORDER BY 2")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
