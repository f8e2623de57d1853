package proxy_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Clients insert known sequences, alone and in transactions, while connections are killed and the server crashes. Nothing
// is executed twice, and nothing that was acknowledged is lost.
func TestNothingRepeatedOrLost(t *testing.T) {
	t.Parallel()
	n, s := own(t, "shun_recovery_time_sec=1\nconnect_retries_on_failure=500\nconnect_retries_delay=20")
	s.Exec(t, "CREATE TABLE d.seq (client INT, n INT, KEY (client))")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	acknowledged := make([]map[int]bool, 8)
	for client := range acknowledged {
		acknowledged[client] = map[int]bool{}
		wg.Go(func() { insertSequence(ctx, n, client, acknowledged[client]) })
	}
	for round := range 2 {
		time.Sleep(400 * time.Millisecond)
		for _, r := range s.Query(t, "SELECT id FROM information_schema.processlist WHERE user='app' ORDER BY RAND() LIMIT 4") {
			db := s.DB("")
			db.Exec("KILL HARD CONNECTION " + r[0]) // it may be gone already
			db.Close()
		}
		time.Sleep(400 * time.Millisecond)
		if round == 0 {
			s.Stop()
		} else {
			s.Kill()
		}
		if err := s.Again(); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	stored := map[string]bool{}
	for _, r := range s.Query(t, "SELECT client, n, COUNT(*) FROM d.seq GROUP BY client, n") {
		stored[r[0]+"/"+r[1]] = true
		if r[2] != "1" {
			t.Errorf("client %s: number %s was inserted %s times", r[0], r[1], r[2])
		}
	}
	total := 0
	for client, list := range acknowledged {
		total += len(list)
		for i := range list {
			if !stored[fmt.Sprintf("%d/%d", client, i)] {
				t.Errorf("client %d: number %d was acknowledged and lost", client, i)
			}
		}
	}
	if total < 100 {
		t.Errorf("only %d inserts: the test did not test much", total)
	}
	for _, r := range s.Query(t, "SELECT client, n FROM d.seq s WHERE n % 4 = 2 AND NOT EXISTS (SELECT 1 FROM d.seq WHERE client = s.client AND n = s.n + 1)") {
		t.Errorf("client %s: half of the transaction of number %s is there", r[0], r[1])
	}
}

// insertSequence inserts numbers, none of them twice: by themselves, or two in a transaction (n%4 == 2 and the next).
func insertSequence(ctx context.Context, n *node, client int, acknowledged map[int]bool) {
	db := n.open(1, func(c *mysql.Config) { c.ReadTimeout = 20 * time.Second })
	defer db.Close()
	insert := fmt.Sprintf("INSERT INTO seq VALUES (%d, ?)", client)
	for i := 0; ctx.Err() == nil; i++ {
		if i%4 != 2 {
			if _, err := db.Exec(insert, i); err == nil {
				acknowledged[i] = true
			}
			continue
		}
		if tx, err := db.Begin(); err == nil {
			_, err1 := tx.Exec(insert, i)
			_, err2 := tx.Exec(insert, i+1) // even after an error, as careless clients do
			if err := tx.Commit(); err == nil && err1 == nil && err2 == nil {
				acknowledged[i], acknowledged[i+1] = true, true
			}
		}
		i++
	}
}
