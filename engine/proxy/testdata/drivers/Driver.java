import java.sql.*;
import java.util.*;
import java.util.concurrent.atomic.AtomicBoolean;

/** Uses the proxy as applications with the MariaDB connector do: java Driver PORT PASSWORD. Prints what went wrong. */
public class Driver {
    interface Case { void run() throws Exception; }

    static String url;
    static int failures;

    static Connection open(String options) throws SQLException { return DriverManager.getConnection(url + options); }

    static void check(String name, Case c) {
        try {
            c.run();
        } catch (Throwable e) {
            failures++;
            System.out.println("FAIL " + name + ": " + e);
            e.printStackTrace(System.out);
        }
    }

    static void equal(Object want, Object got) {
        if (!Objects.equals(want, got)) throw new AssertionError("want " + want + ", got " + got);
    }

    static String one(Connection c, String sql) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
            if (!r.next()) throw new SQLException("no row: " + sql);
            return r.getString(1);
        }
    }

    static void exec(Connection c, String sql) throws SQLException {
        try (Statement s = c.createStatement()) { s.execute(sql); }
    }

    public static void main(String[] args) throws Exception {
        url = "jdbc:mariadb://127.0.0.1:" + args[0] + "/d?user=app&password=" + args[1];
        final String emoji = "\uD83D\uDE00 na\u00efve \u6f22\u5b57";
        try (Connection c = open("")) {
            exec(c, "CREATE OR REPLACE TABLE jdrv (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100), b LONGBLOB) CHARACTER SET utf8mb4");
        }
        for (String options : new String[] {"", "&useServerPrepStmts=true", "&useCompression=true",
                "&useServerPrepStmts=true&useCompression=true", "&useSsl=true&trustServerCertificate=true",
                "&rewriteBatchedStatements=true", "&useBatchMultiSend=true", "&allowMultiQueries=true"}) {
            check("rows" + options, () -> rows(options, emoji));
            check("transaction" + options, () -> transaction(options));
            check("batch" + options, () -> batch(options));
        }
        check("several", Driver::several);
        check("generatedKeys", Driver::generatedKeys);
        check("streaming", Driver::streaming);
        check("timeout", Driver::timeout);
        check("cancel", Driver::cancel);
        check("metadata", Driver::metadata);
        check("errors", Driver::errors);
        check("blob", Driver::blob);
        check("wrongPassword", () -> {
            try (Connection c = DriverManager.getConnection(url.replaceAll("password=.*", "password=wrong"))) {
                throw new AssertionError("logged in");
            } catch (SQLException e) { equal(1045, e.getErrorCode()); }
        });
        check("readOnly", () -> {
            try (Connection c = open("")) {
                c.setReadOnly(true);
                c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
                equal(Connection.TRANSACTION_SERIALIZABLE, c.getTransactionIsolation());
                c.setCatalog("e");
                equal("e", one(c, "SELECT DATABASE()"));
                if (!c.isValid(5)) throw new AssertionError("not valid");
            }
        });
        System.exit(failures == 0 ? 0 : 1);
    }

    static void rows(String options, String emoji) throws SQLException {
        try (Connection c = open(options)) {
            exec(c, "DELETE FROM jdrv");
            try (PreparedStatement p = c.prepareStatement("INSERT INTO jdrv (v) VALUES (?)")) {
                for (int i = 0; i < 3; i++) {
                    p.setString(1, i + emoji);
                    equal(1, p.executeUpdate());
                }
            }
            try (PreparedStatement p = c.prepareStatement("SELECT v, CHAR_LENGTH(v), NOW(6) FROM jdrv WHERE v=?")) {
                for (int i = 0; i < 3; i++) {
                    p.setString(1, i + emoji);
                    try (ResultSet r = p.executeQuery()) {
                        if (!r.next()) throw new AssertionError("no row " + i);
                        equal(i + emoji, r.getString(1));
                        equal(11, r.getInt(2));
                        if (r.getTimestamp(3) == null) throw new AssertionError("no time");
                    }
                }
            }
        }
    }

    static void transaction(String options) throws SQLException {
        try (Connection c = open(options); Connection d = open(options)) {
            exec(c, "DELETE FROM jdrv");
            c.setAutoCommit(false);
            exec(c, "INSERT INTO jdrv (v) VALUES ('a')");
            Savepoint s = c.setSavepoint();
            exec(c, "INSERT INTO jdrv (v) VALUES ('b')");
            equal("0", one(d, "SELECT COUNT(*) FROM jdrv"));
            c.rollback(s);
            c.commit();
            equal("1", one(d, "SELECT COUNT(*) FROM jdrv"));
            c.setAutoCommit(true);
        }
    }

    static void batch(String options) throws SQLException {
        try (Connection c = open(options)) {
            exec(c, "DELETE FROM jdrv");
            try (PreparedStatement p = c.prepareStatement("INSERT INTO jdrv (v) VALUES (?)")) {
                for (int i = 0; i < 300; i++) {
                    p.setString(1, "batch " + i);
                    p.addBatch();
                }
                equal(300, p.executeBatch().length);
            }
            equal("300", one(c, "SELECT COUNT(DISTINCT v) FROM jdrv"));
        }
    }

    static void several() throws SQLException {
        try (Connection c = open("&allowMultiQueries=true"); Statement s = c.createStatement()) {
            s.execute("SELECT 1; SELECT 2; DO 3");
            int sets = 0;
            do {
                if (s.getResultSet() != null) sets++;
            } while (s.getMoreResults() || s.getUpdateCount() != -1);
            equal(2, sets);
        }
    }

    static void generatedKeys() throws SQLException {
        try (Connection c = open("");
                PreparedStatement p = c.prepareStatement("INSERT INTO jdrv (v) VALUES ('k')", Statement.RETURN_GENERATED_KEYS)) {
            p.executeUpdate();
            try (ResultSet r = p.getGeneratedKeys()) {
                if (!r.next() || r.getLong(1) == 0) throw new AssertionError("no key");
                equal(String.valueOf(r.getLong(1)), one(c, "SELECT MAX(id) FROM jdrv"));
            }
        }
    }

    static void streaming() throws SQLException {
        try (Connection c = open("&useServerPrepStmts=true")) {
            try (PreparedStatement p = c.prepareStatement("SELECT seq, REPEAT('x', 100) FROM seq_1_to_20000")) {
                p.setFetchSize(100);
                long sum = 0;
                try (ResultSet r = p.executeQuery()) {
                    while (r.next()) sum += r.getLong(1);
                }
                equal(200010000L, sum);
            }
        }
    }

    static void timeout() throws SQLException {
        try (Connection c = open(""); Statement s = c.createStatement()) {
            s.setQueryTimeout(1);
            long begin = System.nanoTime();
            try {
                s.executeQuery("SELECT 1 FROM who WHERE SLEEP(300)");
                throw new AssertionError("no timeout");
            } catch (SQLException e) { /* as it should be */ }
            if (System.nanoTime() - begin > 60_000_000_000L) throw new AssertionError("the timeout came too late");
        }
        try (Connection c = open("")) { equal("1", one(c, "SELECT 1")); }
    }

    static void cancel() throws Exception {
        try (Connection c = open(""); Statement s = c.createStatement()) {
            AtomicBoolean ended = new AtomicBoolean();
            Thread t = new Thread(() -> {
                try {
                    while (!ended.get()) { Thread.sleep(300); s.cancel(); } // without effect before the statement has begun
                } catch (Exception e) { e.printStackTrace(System.out); }
            });
            t.start();
            try {
                s.executeQuery("SELECT 1 FROM who WHERE SLEEP(300)");
                throw new AssertionError("not cancelled");
            } catch (SQLException e) { equal(1317, e.getErrorCode()); }
            ended.set(true);
            t.join();
            equal("7", one(c, "SELECT 7"));
        }
    }

    static void metadata() throws SQLException {
        try (Connection c = open("")) {
            DatabaseMetaData m = c.getMetaData();
            if (m.getDatabaseProductVersion().isEmpty()) throw new AssertionError("no version");
            Set<String> names = new HashSet<>();
            try (ResultSet r = m.getColumns("d", null, "jdrv", null)) {
                while (r.next()) names.add(r.getString("COLUMN_NAME"));
            }
            equal(new HashSet<>(Arrays.asList("id", "v", "b")), names);
        }
    }

    static void errors() throws SQLException {
        for (String options : new String[] {"", "&useServerPrepStmts=true"}) {
            try (Connection c = open(options)) {
                try (PreparedStatement p = c.prepareStatement("SELECT * FROM nosuch WHERE a=?")) {
                    p.setInt(1, 1);
                    p.executeQuery();
                    throw new AssertionError("no error");
                } catch (SQLException e) {
                    equal(1146, e.getErrorCode());
                    equal("42S02", e.getSQLState());
                }
                equal("1", one(c, "SELECT 1"));
            }
        }
    }

    static void blob() throws SQLException {
        byte[] big = new byte[17 << 20];
        new Random(1).nextBytes(big);
        try (Connection c = open("&useServerPrepStmts=true")) {
            try (PreparedStatement p = c.prepareStatement("INSERT INTO jdrv (v, b) VALUES ('big', ?)")) {
                p.setBytes(1, big);
                p.executeUpdate();
            }
            try (PreparedStatement p = c.prepareStatement("SELECT b FROM jdrv WHERE v='big'"); ResultSet r = p.executeQuery()) {
                if (!r.next() || !Arrays.equals(big, r.getBytes(1))) throw new AssertionError("blob differs");
            }
            exec(c, "DELETE FROM jdrv");
        }
    }
}
