package cluster_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/cluster"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
)

// TestMembership is recording 13: members come and go while the node runs.
func TestMembership(t *testing.T) {
	a, b := newFakePeer(t, true), newFakePeer(t, true)
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{a.port}, ""))
	peer := func(f *fakePeer) string { return "127.0.0.1:" + itoa(f.port) }
	s.logged("[INFO] Created new Cluster Node Entry for host " + peer(a))
	s.logged("[INFO] Cluster: starting thread for peer " + peer(a))
	s.logged("[INFO] Cluster: clustering with peer " + peer(a) + " . Remote version: " + version + " . Self version: " + version)

	s.Exec(fmt.Sprintf("INSERT INTO proxysql_servers VALUES('127.0.0.1',%d,5,'n2')", b.port))
	s.Load(schema.ProxySQLServers)
	s.logged("[INFO] Created new Cluster Node Entry for host " + peer(b))
	s.logged("[INFO] Cluster: starting thread for peer " + peer(b))
	s.logged("[INFO] Cluster: sending CLUSTER_NODE_UUID " + uuidA + " to peer " + peer(b))

	s.Exec(fmt.Sprintf("UPDATE proxysql_servers SET weight=7, comment='kept' WHERE port=%d", b.port))
	s.Exec(fmt.Sprintf("DELETE FROM proxysql_servers WHERE port=%d", a.port))
	s.Load(schema.ProxySQLServers)
	s.logged("[INFO] Destroyed Cluster Node Entry for host " + peer(a))
	s.logged("[INFO] Cluster: closing thread for peer " + peer(a))
	if n := s.log.count("starting thread for peer " + peer(b)); n != 1 {
		t.Errorf("the peer that stayed was started %d times", n)
	}
	want := fmt.Sprintf("127.0.0.1,%d,7,kept", b.port)
	if got := s.table("stats_proxysql_servers_metrics", "hostname", "port", "weight", "comment"); got != want {
		t.Errorf("metrics: %q, want %q", got, want)
	}
}

// TestConnectErrors is recording 04 and the beginning of 01: nobody listens, then the password is wrong, then it is right.
func TestConnectErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().(*net.TCPAddr).Port
	l.Close()
	f := newFakePeer(t, true)
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{closed, f.port}, `mysql_ifaces="127.0.0.1:25011";`))
	s.logged(fmt.Sprintf("[WARNING] Cluster: unable to connect to peer 127.0.0.1:%d . Error: Can't connect to server on '127.0.0.1' (111)", closed))
	s.logged(fmt.Sprintf("clustering with peer 127.0.0.1:%d", f.port))

	f.onStatement(func(int, string) reaction { return hangUp })
	s.Exec("UPDATE global_variables SET variable_value='nobody' WHERE variable_name='admin-cluster_username'")
	s.Load(schema.AdminVariables)
	s.logged(fmt.Sprintf("[WARNING] Cluster: unable to connect to peer 127.0.0.1:%d . Error: "+
		"ProxySQL Error: Access denied for user 'nobody'@'127.0.0.1' (using password: YES)", f.port))

	f.onStatement(func(int, string) reaction { return answer })
	n := s.log.count("clustering with peer")
	s.Exec("UPDATE global_variables SET variable_value='cluster' WHERE variable_name='admin-cluster_username'")
	s.Load(schema.AdminVariables)
	eventually(t, "login with the right account", func() bool { return s.log.count("clustering with peer") > n })
}

// TestNoAccount: a node without cluster_username leaves its peers alone until it gets one.
func TestNoAccount(t *testing.T) {
	f := newFakePeer(t, true)
	s := prepare(t, uuidA, version, timing())
	s.boot(fmt.Sprintf(`proxysql_servers=({hostname="127.0.0.1"; port=%d})`, f.port))
	s.logged("starting thread for peer")
	time.Sleep(50 * time.Millisecond)
	if n := f.connections(); n != 0 {
		t.Fatalf("%d connections without an account", n)
	}
	s.Exec("UPDATE global_variables SET variable_value='cluster' WHERE variable_name='admin-cluster_username'")
	s.Exec("UPDATE global_variables SET variable_value='clpw' WHERE variable_name='admin-cluster_password'")
	s.Load(schema.AdminVariables)
	s.logged("clustering with peer")
}

// TestOtherVersion is recording 05.
func TestOtherVersion(t *testing.T) {
	f := newFakePeer(t, true)
	f.version = "2.7.1-99-g2726c27"
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{f.port}, configured(version)))
	line := fmt.Sprintf("[WARNING] Cluster: different ProxySQL version with peer 127.0.0.1:%d . Remote: 2.7.1-99-g2726c27 . Self: %s", f.port, version)
	eventually(t, "asked again", func() bool { return s.log.count(line) >= 2 })
	for _, sql := range f.statements(0) {
		if sql != "SELECT @@version" && sql != "COM_QUIT" {
			t.Errorf("asked a peer of another version: %s", sql)
		}
	}
	want := fmt.Sprintf("127.0.0.1,%d,mysql_users,0,0,,0,0,0", f.port)
	if got := layerstest.Text(s.cluster.Tables()["stats_proxysql_servers_checksums"]()); !strings.Contains(got, want) {
		t.Errorf("checksums: %s, want %s in it", got, want)
	}
}

// TestPeerErrors is recording 20: no TLS, errors instead of answers, breaking off.
func TestPeerErrors(t *testing.T) {
	f := newFakePeer(t, false)
	s := prepare(t, uuidA, version, timing())
	var how reaction
	f.onStatement(func(_ int, sql string) reaction {
		if sql == "SELECT GLOBAL_CHECKSUM()" {
			return how
		}
		return answer
	})
	how = boom
	s.boot(config([]int{f.port}, `mysql_ifaces="127.0.0.1:25011";`))
	failed := func(cause string) func() bool {
		return func() bool {
			for _, line := range strings.Split(s.log.text(), "\n") {
				if strings.HasPrefix(line, fmt.Sprintf("[ERROR] Cluster: unable to run query on 127.0.0.1:%d using user cluster after ", f.port)) &&
					strings.HasSuffix(line, "ms : SELECT GLOBAL_CHECKSUM() . Error: "+cause) {
					return true
				}
			}
			return false
		}
	}
	eventually(t, "the peer's words in the log", failed("boom"))
	eventually(t, "end of the connection", func() bool { return len(f.statements(1)) == 4 })
	want := []string{"SELECT @@version", "PROXYSQL CLUSTER_NODE_UUID " + uuidA + " 127.0.0.1:25011", "SELECT GLOBAL_CHECKSUM()", "COM_QUIT"}
	if d := cmp.Diff(want, f.statements(1)); d != "" {
		t.Error(d)
	}
	f.mu.Lock()
	how = hangUp
	f.mu.Unlock()
	eventually(t, "the lost connection in the log", failed("Lost connection to server during query"))
	f.mu.Lock()
	how = answer
	f.mu.Unlock()
	eventually(t, "checks", func() bool { return s.table("stats_proxysql_servers_checksums", "updated_at") != "0 0 0 0 0 0 0" })
}

// TestHungPeer: a peer that stops answering in the middle of a pull keeps nobody else from being pulled from.
func TestHungPeer(t *testing.T) {
	t.Parallel()
	hung, good := newFakePeer(t, true), newFakePeer(t, true)
	source := prepare(t, uuidA, version, timing())
	source.boot(`mysql_users=({username="u"; password="p"; default_hostgroup=3; attributes="{\"a\": \"it's\"}"})`)

	tm := timing()
	tm.Pull = 5 * time.Second
	tm.Retry = diffcheck.Retry{Min: time.Second, Max: time.Second}
	s := prepare(t, uuidA, version, tm)
	s.boot(config([]int{hung.port, good.port}, `cluster_mysql_users_save_to_disk="false";`))
	hung.like(s)
	good.like(s)
	eventually(t, "first checks", func() bool { return s.log.count("for proxysql_servers from peer") >= 2 })
	hung.onStatement(func(_ int, sql string) reaction {
		if strings.Contains(sql, "runtime_mysql_users") {
			return hang
		}
		return answer
	})
	epoch := time.Now().Unix() + 10
	hung.set("mysql_users", diffcheck.Stamp{Version: 2, Epoch: epoch + 1, Checksum: "0x1111111111111111"})
	s.logged("[INFO] Cluster: Fetching MySQL Users from peer 127.0.0.1:" + itoa(hung.port) + " started. Expected checksum: 0x1111111111111111")

	stamp := diffcheck.Stamp(source.Layers.Stamps()["mysql_users"])
	stamp.Version, stamp.Epoch = 2, epoch
	rules := diffcheck.Stamp{Version: 2, Epoch: epoch, Checksum: "0x0000000000000001"}
	serve(good, source)
	good.set("mysql_users", stamp)
	good.set("mysql_query_rules", rules) // another module is not held up at all
	other := "Fetching MySQL Query Rules from peer 127.0.0.1:" + itoa(good.port) + " failed because of mismatching checksum"
	s.logged(other)
	// Once the hung pull is given up, the good peer's users are taken.
	s.logged("[INFO] Cluster: NOT saving to disk MySQL Users from peer 127.0.0.1:" + itoa(good.port))
	given := "Fetching mysql_users from peer 127.0.0.1:" + itoa(hung.port) + " failed: "
	if log := s.log.text(); strings.Index(log, given) < strings.Index(log, other) {
		t.Errorf("the pull of another module waited for the hung one:\n%s", log)
	}
	want := layers.Stamp{Version: 2, Epoch: epoch, Checksum: stamp.Checksum}
	if d := cmp.Diff(want, s.Layers.Stamps()["mysql_users"]); d != "" {
		t.Error(d)
	}
	row := "SELECT username, password, default_hostgroup, active, frontend, backend, attributes FROM "
	if got := s.List(row + "mysql_users"); got != `u,p,3,1,1,1,{"a": "it's"}` {
		t.Errorf("memory has %q", got)
	}
	if got := s.List(row + "disk.mysql_users"); got != "" {
		t.Errorf("disk has %q", got)
	}
}

// TestHungCheck: a check that is not answered ends with the time it has, and the peer is tried again.
func TestHungCheck(t *testing.T) {
	t.Parallel()
	f := newFakePeer(t, true)
	f.onStatement(func(conn int, sql string) reaction {
		if conn == 1 && sql == "SELECT GLOBAL_CHECKSUM()" {
			return hang
		}
		return answer
	})
	tm := timing()
	tm.Query = time.Second
	s := prepare(t, uuidA, version, tm)
	s.boot(config([]int{f.port}, ""))
	s.logged(" : SELECT GLOBAL_CHECKSUM() . Error: ")
	eventually(t, "checks on a next connection", func() bool {
		for conn := 2; conn <= f.connections(); conn++ {
			if len(f.statements(conn)) > 5 {
				return true
			}
		}
		return false
	})
}

// serve makes a peer answer pulls with the users of a node.
func serve(f *fakePeer, s *stack) {
	rows := s.Layers.Snapshot(schema.MySQLUsers).Runtime["mysql_users"]
	columns := strings.Split("username, password, use_ssl, default_hostgroup, default_schema, schema_locked, transaction_persistent, fast_forward, backend, frontend, max_connections, attributes, comment", ", ")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tables["PROXY_SELECT "+strings.Join(columns, ", ")+" FROM runtime_mysql_users"] = rows.Project(columns...)
}

// TestOvertakenPull: what is loaded here while a pull is under way is newer than what was asked for.
func TestOvertakenPull(t *testing.T) {
	t.Parallel()
	f := newFakePeer(t, true)
	source := prepare(t, uuidA, version, timing())
	source.boot(`mysql_users=({username="theirs"; password="p"})`)
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{f.port}, ""))
	f.like(s)
	serve(f, source)
	eventually(t, "first check", func() bool { return s.log.count("for proxysql_servers from peer") > 0 })
	once := true
	f.onStatement(func(_ int, sql string) reaction {
		if once && strings.Contains(sql, "runtime_mysql_users") {
			once = false
			s.Exec("INSERT INTO mysql_users(username,password) VALUES('ours','p')")
			s.Load(schema.MySQLUsers)
		}
		return answer
	})
	stamp := diffcheck.Stamp(source.Layers.Stamps()["mysql_users"])
	stamp.Version, stamp.Epoch = 2, time.Now().Unix()-100
	f.set("mysql_users", stamp)
	s.logged("Fetching mysql_users from peer 127.0.0.1:" + itoa(f.port) + " failed: the module was loaded here meanwhile")
	time.Sleep(100 * time.Millisecond)
	if got := s.List("SELECT username FROM mysql_users"); got != "ours" {
		t.Errorf("memory has %q, want what was loaded last", got)
	}
}

// TestReenabled is recording 08: a module whose diffs were 0 is pulled as soon as they are not, though the peer's
// global checksum stays as it was.
func TestReenabled(t *testing.T) {
	t.Parallel()
	f := newFakePeer(t, true)
	source := prepare(t, uuidA, version, timing())
	source.boot(`mysql_users=({username="u"; password="p"})`)
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{f.port}, `cluster_mysql_users_diffs_before_sync=0;`))
	f.like(s)
	serve(f, source)
	stamp := diffcheck.Stamp(source.Layers.Stamps()["mysql_users"])
	stamp.Version, stamp.Epoch = 2, time.Now().Unix()+10
	f.set("mysql_users", stamp)
	s.logged("Not syncing due to 'admin-cluster_mysql_users_diffs_before_sync=0'.")
	s.Exec("UPDATE global_variables SET variable_value='1' WHERE variable_name='admin-cluster_mysql_users_diffs_before_sync'")
	s.Load(schema.AdminVariables)
	s.logged("[INFO] Re-enabled previously disabled 'admin-cluster_mysql_users_diffs_before_sync'. Resetting global checksums to force Cluster re-sync.")
	s.logged("[INFO] Cluster: Saving to disk MySQL Users from peer")

	s.Exec("UPDATE global_variables SET variable_value='false' WHERE variable_name='admin-checksum_mysql_users'")
	s.Load(schema.AdminVariables)
	s.logged("[WARNING] Disabling deprecated 'admin-checksum_mysql_users', setting 'admin-cluster_mysql_users_diffs_before_sync=0'.")
}

// TestStrangeAnswers: a peer's answers that have not the columns asked for are refused, not guessed at.
func TestStrangeAnswers(t *testing.T) {
	f := newFakePeer(t, true)
	s := prepare(t, uuidA, version, timing())
	f.tables["PROXY_SELECT username, schemaname, flagIN, destination_hostgroup, comment FROM runtime_mysql_query_rules_fast_routing ORDER BY username, schemaname, flagIN"] =
		&schema.Rows{Columns: []string{"something", "else"}}
	s.boot(config([]int{f.port}, ""))
	f.like(s)
	f.set("mysql_query_rules", diffcheck.Stamp{Version: 2, Epoch: time.Now().Unix() + 10, Checksum: "0x1111111111111111"})
	s.logged("columns are something, else, want username, schemaname, flagIN, destination_hostgroup, comment")
}

// TestClients keeps account of the sessions of nodes that check us.
func TestClients(t *testing.T) {
	now := time.Unix(1_000_000_000, 0)
	l := prepare(t, uuidA, version, timing())
	c := cluster.New(cluster.Options{Layers: l.Layers, UUID: uuidA, Now: func() time.Time { return now }})
	table := func() string { return layerstest.Text(c.Tables()["stats_proxysql_servers_clients_status"]()) }

	remote := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 40156}
	session, err := c.NodeUUID(remote, uuidA, "0.0.0.0:6032;/tmp/a.sock")
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	session.Seen()
	if want, got := uuidA+",10.0.0.2,40156,0.0.0.0:6032;/tmp/a.sock,1000000060", table(); got != want {
		t.Errorf("clients: %q, want %q", got, want)
	}
	if again, err := c.NodeUUID(remote, uuidA, "0.0.0.0:6032"); err != nil || again != session {
		t.Errorf("the same node again: %v, %v", again, err)
	}
	for _, refused := range []struct {
		remote net.Addr
		uuid   string
	}{
		{remote, "22222222-2222-2222-2222-222222222222"}, // the session is another node's
		{&net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 1}, "2222"},
		{&net.UnixAddr{Name: "/tmp/a.sock", Net: "unix"}, uuidA},
	} {
		if _, err := c.NodeUUID(refused.remote, refused.uuid, "0.0.0.0:6032"); err == nil {
			t.Errorf("taken: %s from %v", refused.uuid, refused.remote)
		}
	}
	session.Close()
	session.Close()
	if got := table(); got != "" {
		t.Errorf("clients: %q, want nothing of a closed session", got)
	}
	if got := layerstest.Text(c.Tables()["stats_proxysql_servers_status"]()); got != "" {
		t.Errorf("stats_proxysql_servers_status: %q", got)
	}
}

// TestSyncOptions: what other queries and pulls the less used options lead to.
func TestSyncOptions(t *testing.T) {
	t.Parallel()
	const runtime = "FROM runtime_mysql_servers WHERE"
	for _, c := range []struct {
		name, module  string
		algorithm     int
		noMonitor     bool
		want, wantNot string // in the statements of the pull
		line          string
	}{
		{"algorithm 1", "mysql_servers_v2", 1, false, runtime, "", "mysql_servers:'YES' from peer"},
		{"algorithm 2", "mysql_servers_v2", 2, false, "FROM runtime_mysql_servers_ssl_params", runtime, "mysql_servers:'NO' from peer"},
		{"algorithm 3", "mysql_servers_v2", 3, false, "FROM runtime_mysql_servers_ssl_params", runtime, "mysql_servers:'NO' from peer"},
		{"algorithm 3 without monitor", "mysql_servers_v2", 3, true, runtime, "", "mysql_servers:'YES' from peer"},
		{"mysql interfaces", "mysql_variables", 1, false,
			"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'mysql-%' AND variable_name NOT IN ('mysql-threads') ORDER BY variable_name",
			"mysql-interfaces", "Fetching MySQL variables"},
		{"admin interfaces", "admin_variables", 1, false,
			"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'admin-%' ORDER BY variable_name",
			"admin-mysql_ifaces", "Fetching Admin variables"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakePeer(t, true)
			s := prepareWith(t, cluster.Options{UUID: uuidA, NoMonitor: c.noMonitor, Timing: timing()},
				layers.Options{Version: version, SyncInterfaces: strings.HasSuffix(c.name, "interfaces")})
			s.boot(config([]int{f.port}, fmt.Sprintf("cluster_mysql_servers_sync_algorithm=%d;", c.algorithm)))
			f.like(s)
			f.set(c.module, diffcheck.Stamp{Version: 2, Epoch: time.Now().Unix() + 10, Checksum: "0x1111111111111111"})
			s.logged("Checksum changed from 0x1111111111111111 to 0x0000000000000000")
			s.logged(c.line)
			asked := strings.Join(f.statements(0), "\n") + "\n"
			if !strings.Contains(asked, c.want) || c.wantNot != "" && strings.Contains(asked, c.wantNot) {
				t.Errorf("want %q and not %q in:\n%s", c.want, c.wantNot, asked)
			}
		})
	}
}

// TestRuntimeServers: what a peer's monitor did to its servers in force is taken over, and only that.
func TestRuntimeServers(t *testing.T) {
	t.Parallel()
	f := newFakePeer(t, true)
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{f.port}, "") + `mysql_servers=({hostgroup_id=1; hostname="a"},{hostgroup_id=2; hostname="b"})`)
	f.like(s)
	eventually(t, "first check", func() bool { return s.log.count("for proxysql_servers from peer") > 0 })
	moved := s.Layers.Snapshot(schema.MySQLServers).Runtime["mysql_servers"].Clone()
	moved.Rows[0][0] = schema.Text("2")
	pull := layers.Pull{RuntimeServers: moved}
	want := layers.Stamp{Version: 5, Epoch: time.Now().Unix() + 10, Checksum: pull.Checksums(schema.MySQLServers, false)[schema.MySQLServers]}
	f.mu.Lock()
	f.tables["PROXY_SELECT "+strings.Join(moved.Columns, ", ")+" FROM runtime_mysql_servers WHERE status<>'OFFLINE_HARD' ORDER BY hostgroup_id, hostname, port"] = moved
	f.mu.Unlock()
	f.set("mysql_servers", diffcheck.Stamp{Version: 5, Epoch: want.Epoch, Checksum: want.Checksum})
	s.logged("Cluster: Loading to runtime MySQL Servers from peer")
	eventually(t, "servers in force", func() bool { return s.Layers.Stamps()["mysql_servers"] == want })
	if got := s.Layers.Stamps()["mysql_servers_v2"].Version; got != 1 {
		t.Errorf("what was loaded has version %d", got)
	}
	if got := s.List("SELECT hostgroup_id, hostname FROM mysql_servers ORDER BY 1"); got != "1,a 2,b" {
		t.Errorf("memory has %s", got)
	}
}
