package admin_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/internal/clienttest"
)

// hostPort splits the node's address.
func (n *node) hostPort() (host, port string) {
	host, port, _ = strings.Cut(n.address(), ":")
	return host, port
}

// runProgram runs a program that talks to a node, with a time limit, and gives what it wrote.
func runProgram(t *testing.T, limit time.Duration, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 30 * time.Second
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", name, err, out.String(), errs.String())
	}
	return out.String()
}

// python finds an interpreter that has a module, or skips the test.
func python(t *testing.T, module, debian string) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, "-c", "import "+module).Run() == nil {
			return name
		}
	}
	t.Skipf("no Python with %s here: install %s", module, debian)
	return ""
}

// PyMySQL as scripts use it: plain and dictionary cursors, its own escaping of parameters, transactions that are none here.
func TestPyMySQL(t *testing.T) {
	interpreter := python(t, "pymysql", "python3-pymysql")
	n := start(t, setup{memory: true, tls: certificate(t)})
	host, port := n.hostPort()
	const script = `
import sys, ssl, pymysql
def connect(**more):
    return pymysql.connect(host=sys.argv[1], port=int(sys.argv[2]), user='admin', password='admin', **more)
db = connect(autocommit=False)
with db.cursor() as c:
    print(c.execute("INSERT INTO mysql_users(username,password,default_hostgroup) VALUES(%s,%s,%s)", ('app', "p'w", 3)))
    print(c.executemany("INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES(%s,%s)", [(1, 'a'), (2, 'b')]))
    c.execute("LOAD MYSQL USERS TO RUNTIME")
    c.execute("SELECT username,password,default_hostgroup FROM runtime_mysql_users ORDER BY 1,2 LIMIT 1"); print(c.fetchall())
    try:
        c.execute("SELECT * FROM nosuch")
    except pymysql.err.OperationalError as e:
        print(e.args)
db.commit(); db.ping(reconnect=False); db.select_db('stats')
print(db.get_server_info(), db.character_set_name())
db.close()
db = connect(cursorclass=pymysql.cursors.DictCursor, ssl={'check_hostname': False, 'verify_mode': ssl.CERT_NONE}, database='main', charset='utf8mb4')
with db.cursor() as c:
    c.execute("SELECT hostgroup_id, hostname, NULL AS empty FROM mysql_servers ORDER BY 1"); print(c.fetchall())
    c.execute("SELECT GLOBAL_CHECKSUM()"); print(type(c.fetchone()['CHECKSUM']).__name__)
`
	want := `1
2
(('app', "p'w", '3'),)
(1045, 'ProxySQL Admin Error: no such table: nosuch')
8.0.11 utf8mb4
[{'hostgroup_id': '1', 'hostname': 'a', 'empty': None}, {'hostgroup_id': '2', 'hostname': 'b', 'empty': None}]
int
`
	if diff := cmp.Diff(want, runProgram(t, 2*time.Minute, nil, interpreter, "-c", script, host, port)); diff != "" {
		t.Error(diff)
	}
}

// mycli asks for all kinds of things when it starts.
func TestMycli(t *testing.T) {
	name, err := exec.LookPath("mycli")
	if err != nil {
		t.Skip("mycli is not installed")
	}
	n := start(t, setup{memory: true})
	host, port := n.hostPort()
	home := t.TempDir()
	out := runProgram(t, 2*time.Minute, []string{"HOME=" + home, "LC_ALL=C.UTF-8", "MYSQL_TEST_LOGIN_FILE=/nonexistent"},
		name, "-h", host, "-P", port, "-u", "admin", "-padmin", "--csv", "-e", "INSERT INTO mysql_users(username) VALUES('app'); SELECT username, active FROM mysql_users; SHOW TABLES LIKE 'mysql_u%'")
	if out = strings.ReplaceAll(out, "\r", ""); !strings.Contains(out, "\"username\",\"active\"\n\"app\",\"1\"\n") || !strings.Contains(out, "\"mysql_users\"") {
		t.Errorf("mycli wrote %q", out)
	}
}

// Node's mysql2 with text queries and a pool.
func TestNodeMySQL2(t *testing.T) {
	name, env := clienttest.Node(t)
	n := start(t, setup{memory: true})
	host, port := n.hostPort()
	const script = `
const mysql = require('mysql2/promise');
(async () => {
  const pool = mysql.createPool({host: process.argv[1], port: +process.argv[2], user: 'admin', password: 'admin', connectionLimit: 3});
  const [done] = await pool.query("INSERT INTO mysql_users(username,password) VALUES(?,?)", ['app', 'p w']);
  console.log(done.affectedRows);
  const [rows] = await pool.query("SELECT username, password, NULL AS empty FROM mysql_users");
  console.log(JSON.stringify(rows));
  await Promise.all([1, 2, 3, 4, 5].map(() => pool.query("SELECT * FROM stats_mysql_global")));
  try { await pool.query("SELECT * FROM nosuch"); } catch (e) { console.log(e.errno, e.sqlState, e.sqlMessage); }
  try { await pool.execute("SELECT ?", [1]); } catch (e) { console.log(e.sqlMessage); }
  const one = await pool.getConnection(); await one.ping(); one.release();
  await pool.end();
})();
`
	want := `1
[{"username":"app","password":"p w","empty":null}]
1045 28000 ProxySQL Admin Error: no such table: nosuch
Command not supported
`
	if diff := cmp.Diff(want, runProgram(t, 2*time.Minute, env, name, "-e", script, host, port)); diff != "" {
		t.Error(diff)
	}
}

// ansibleTasks use every module of community.proxysql; run twice, the second run must change nothing.
const ansibleTasks = `
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    login: &login { login_host: HOST, login_port: PORT, login_user: admin, login_password: admin }
  module_defaults:
    community.proxysql.proxysql_mysql_users: *login
    community.proxysql.proxysql_backend_servers: *login
    community.proxysql.proxysql_query_rules: *login
    community.proxysql.proxysql_query_rules_fast_routing: *login
    community.proxysql.proxysql_replication_hostgroups: *login
    community.proxysql.proxysql_global_variables: *login
    community.proxysql.proxysql_scheduler: *login
    community.proxysql.proxysql_manage_config: *login
    community.proxysql.proxysql_info: *login
  tasks:
    - community.proxysql.proxysql_mysql_users: { username: app, password: secret, default_hostgroup: 10, encrypt_password: true, load_to_runtime: true, save_to_disk: true }
    - community.proxysql.proxysql_backend_servers: { hostgroup_id: 10, hostname: db1, port: 3306, weight: 5, load_to_runtime: true, save_to_disk: true }
    - community.proxysql.proxysql_query_rules: { rule_id: 7, match_digest: '^SELECT', destination_hostgroup: 20, active: 1, apply: 1, username: app }
    - community.proxysql.proxysql_query_rules_fast_routing: { username: app, schemaname: s, flagIN: 0, destination_hostgroup: 3 }
    - community.proxysql.proxysql_replication_hostgroups: { writer_hostgroup: 10, reader_hostgroup: 20, comment: c }
    - community.proxysql.proxysql_global_variables: { variable: mysql-max_connections, value: 2048 }
    - community.proxysql.proxysql_scheduler: { interval_ms: 1000, filename: /bin/true, state: present }
    - community.proxysql.proxysql_info: {}
      register: info
    - debug: msg="version {{ info.version.full }} users {{ info.mysql_users | map(attribute='username') | list }}"
`

const ansibleSave = `
    - community.proxysql.proxysql_manage_config: { action: SAVE, config_settings: "MYSQL USERS", direction: TO, config_layer: DISK }
`

func TestAnsible(t *testing.T) {
	name, err := exec.LookPath("ansible-playbook")
	if err != nil {
		t.Skip("ansible-playbook is not installed")
	}
	python(t, "pymysql", "python3-pymysql")
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	n := start(t, setup{})
	host, port := n.hostPort()
	dir := t.TempDir()
	play := func(tasks string) string {
		t.Helper()
		book := filepath.Join(dir, "book.yml")
		if err := os.WriteFile(book, []byte(strings.NewReplacer("HOST", host, "PORT", port).Replace(tasks)), 0o600); err != nil {
			t.Fatal(err)
		}
		return runProgram(t, 4*time.Minute, []string{
			"HOME=" + dir, "LC_ALL=C.UTF-8", "ANSIBLE_NOCOLOR=1", "ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3", "ANSIBLE_LOCALHOST_WARNING=false",
		}, name, "-i", "localhost,", book)
	}
	first := play(ansibleTasks + ansibleSave)
	if !strings.Contains(first, "changed=8 ") || !strings.Contains(first, "failed=0") || !strings.Contains(first, "users ['app'") {
		t.Errorf("first run:\n%s", first)
	}
	second := play(ansibleTasks)
	if !strings.Contains(second, "changed=0 ") || !strings.Contains(second, "failed=0") {
		t.Errorf("second run:\n%s", second)
	}
	n.admin().steps(
		step{"SELECT username, default_hostgroup, password LIKE '*%' FROM disk.mysql_users", "app 10 1"},
		step{"SELECT hostname, weight FROM runtime_mysql_servers", "db1 5"},
		step{"SELECT rule_id, destination_hostgroup FROM runtime_mysql_query_rules", "7 20"},
		step{"SELECT reader_hostgroup FROM runtime_mysql_replication_hostgroups", "20"},
		step{"SELECT variable_value FROM runtime_global_variables WHERE variable_name='mysql-max_connections'", "2048"},
		step{"SELECT filename FROM runtime_scheduler", "/bin/true"},
	)
}
