package engine_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine"
)

// editRounds is how many random edits TestRandomEdits makes; KEEPSQL_EDITS overrides it.
const editRounds = 150

// layersModel is what the four layers should hold of mysql_users: name → password.
type layersModel struct {
	file, memory, disk, runtime map[string]string
}

// edit is the three-way rule: rows the file changed win everywhere, rows it deleted go, rows
// it never had stay.
func (m *layersModel) edit(next map[string]string) {
	for name, password := range next {
		if old, had := m.file[name]; !had || old != password {
			m.memory[name], m.disk[name], m.runtime[name] = password, password, password
		}
	}
	for name := range m.file {
		if _, still := next[name]; !still {
			delete(m.memory, name)
			delete(m.disk, name)
			delete(m.runtime, name)
		}
	}
	m.file = next
}

// gardener makes random edits of a tree and knows what should come of them.
type gardener struct {
	*tree
	rng   *rand.Rand
	model layersModel
	text  string
}

// TestRandomEdits edits the file of a running node at random, well and badly, while admin SQL
// changes the other layers. The layers hold what the three-way rule says after every step, a
// broken file changes nothing, and the virtual IP is never given up.
func TestRandomEdits(t *testing.T) {
	rounds := editRounds
	if n, err := strconv.Atoi(os.Getenv("KEEPSQL_EDITS")); err == nil {
		rounds = n
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	g := &gardener{tree: seedling(t), rng: rand.New(rand.NewPCG(seed, 0))}
	g.netns = os.Getuid() == 0
	g.model = layersModel{map[string]string{"u0": "0"}, map[string]string{"u0": "0"}, map[string]string{"u0": "0"}, map[string]string{"u0": "0"}}
	g.write(g.model.file)
	t.Cleanup(func() { g.stop() })
	g.run()
	if g.netns {
		g.wait("the virtual router to be MASTER", func() bool { return g.master() })
		g.wait("the admin interface to know", func() bool { return g.query("SHOW VRRP STATUS") == "V" })
	} else {
		t.Log("not root: without a virtual router")
	}
	for range rounds {
		g.step()
		g.compare()
	}
}

// users writes the section of the users.
func users(rows map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		list = append(list, fmt.Sprintf("{username=%q;password=%q}", name, rows[name]))
	}
	return "mysql_users=(" + strings.Join(list, ",") + ")\n"
}

// write puts a good file with these users in place. The virtual router changes now and then.
func (g *gardener) write(rows map[string]string) {
	g.text = g.config(users(rows))
	if g.netns {
		g.text += fmt.Sprintf("vrrp_instance V {\n interface eth0\n virtual_router_id 51\n priority %d\n advert_int 1\n version 3\n down_timer_adverts 5\n"+ // a stall of less than four seconds changes no state
			" virtual_ipaddress {\n 10.99.0.20/24\n 10.99.0.%d/24\n }\n}\n", 100+g.rng.IntN(50), 30+g.rng.IntN(3))
	}
	g.edit(g.text)
}

// step does one random thing.
func (g *gardener) step() {
	name := fmt.Sprintf("u%d", g.rng.IntN(12))
	password := strconv.Itoa(g.rng.IntN(5))
	switch g.rng.IntN(8) {
	case 0, 1, 2:
		next := maps.Clone(g.model.file)
		if g.rng.IntN(3) == 0 {
			delete(next, name)
		} else {
			next[name] = password
		}
		g.write(next)
		if _, err := engine.Ask(g.dir, engine.Request{Command: "reload"}); err != nil {
			g.t.Fatal(err)
		}
		g.model.edit(next)
	case 3:
		g.breakFile()
	case 4:
		g.query(fmt.Sprintf("INSERT OR REPLACE INTO mysql_users(username,password) VALUES('%s','%s')", name, password))
		g.model.memory[name] = password
	case 5:
		g.query(fmt.Sprintf("DELETE FROM mysql_users WHERE username='%s'", name))
		delete(g.model.memory, name)
	case 6:
		g.query("LOAD MYSQL USERS TO RUNTIME")
		g.model.runtime = maps.Clone(g.model.memory)
	case 7:
		g.query("SAVE MYSQL USERS TO DISK")
		g.model.disk = maps.Clone(g.model.memory)
	}
}

// breakFile puts a file in place that must be refused, and takes the good one back.
func (g *gardener) breakFile() {
	bad := []string{
		g.text[:g.rng.IntN(len(g.text)-1)] + "\x00",
		g.text + "mysql_servers=({hostname=\"h\"})\n",
		g.text + "mysql_servers=({hostname=\"h\";hostgroup=1;port=99999})\n",
		g.text + "vrrp_instance W {\n interface eth0\n",
		"datadir=\"/nowhere\"\npidfile=\"/nowhere.pid\"\n" + g.text,
	}
	g.edit(bad[g.rng.IntN(len(bad))])
	if a, err := engine.Ask(g.dir, engine.Request{Command: "reload"}); err == nil {
		g.t.Fatalf("a broken file was applied: %s", a.Text)
	}
	g.compare()
	g.edit(g.text)
}

// compare looks at every layer.
func (g *gardener) compare() {
	g.t.Helper()
	for _, l := range []struct {
		table string
		want  map[string]string
	}{
		{"main.mysql_users", g.model.memory}, {"disk.mysql_users", g.model.disk}, {"runtime_mysql_users", g.model.runtime},
	} {
		text := g.query("SELECT username || '=' || password FROM " + l.table + " WHERE frontend=1 ORDER BY username")
		got := map[string]string{}
		for _, word := range strings.Fields(text) {
			name, password, _ := strings.Cut(word, "=")
			got[name] = password
		}
		if diff := cmp.Diff(l.want, got); diff != "" {
			g.t.Fatalf("%s: %s\nfile:\n%s", l.table, diff, g.text)
		}
	}
	if g.netns && !g.master() {
		g.t.Fatal("the virtual IP was given up")
	}
}

// master tells whether the virtual router is MASTER.
func (g *gardener) master() bool {
	g.t.Helper()
	var list []struct{ State string }
	if err := json.Unmarshal(g.status().Children["vrrp"].Detail, &list); err != nil {
		return false // nothing was reported yet
	}
	return len(list) == 1 && list[0].State == "MASTER"
}

// BenchmarkEdit is the time from the rename of the file to the runtime, with 1 000 users and
// 1 000 rules, one of which changes.
func BenchmarkEdit(b *testing.B) {
	t := &testing.T{}
	tr := &tree{t: t, dir: b.TempDir()}
	tr.admin, tr.file = tr.dir+"/admin.sock", tr.dir+"/keepsql.cnf"
	text := func(n int) string {
		var s strings.Builder
		s.WriteString("mysql_users=(")
		for i := range 1000 {
			fmt.Fprintf(&s, "{username=\"user%d\";password=\"%d\"},", i, n)
		}
		s.WriteString(")\nmysql_query_rules=(")
		for i := range 1000 {
			fmt.Fprintf(&s, "{rule_id=%d;active=1;match_digest=\"^SELECT .* FROM t%d \";destination_hostgroup=%d;apply=1},", i+1, i, n%7)
		}
		s.WriteString(")")
		return tr.config(s.String())
	}
	tr.edit(text(0))
	tr.run()
	defer tr.stop()
	n, total := 0, time.Duration(0)
	for b.Loop() {
		n++
		next := text(n)
		before := tr.status().Generation
		start := time.Now()
		tr.edit(next)
		for tr.status().Generation == before {
			time.Sleep(5 * time.Millisecond)
		}
		total += time.Since(start)
	}
	b.ReportMetric(total.Seconds()*1000/float64(n), "ms/edit")
}
