<?php
// Uses the proxy as PHP applications do, by mysqli and PDO: php php.php PORT PASSWORD SOCKET. Prints what went wrong.
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
[, $port, $password, $socket] = $argv;
$failures = 0;

function check(string $name, callable $f): void {
    global $failures;
    try {
        $f();
    } catch (Throwable $e) {
        $failures++;
        echo "FAIL $name: ", get_class($e), ' ', $e->getMessage(), "\n", $e->getTraceAsString(), "\n";
    }
}

function same($want, $got): void {
    if ($want !== $got) {
        throw new Exception('want ' . var_export($want, true) . ', got ' . var_export($got, true));
    }
}

function open(int $flags = 0, ?string $charset = 'utf8mb4'): mysqli {
    global $port, $password;
    $c = mysqli_init();
    $c->options(MYSQLI_OPT_SSL_VERIFY_SERVER_CERT, false);
    $c->real_connect('127.0.0.1', 'app', $password, 'd', (int)$port, null, $flags);
    if ($charset !== null) {
        $c->set_charset($charset);
    }
    return $c;
}

open()->query('CREATE OR REPLACE TABLE pdrv (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100), b LONGBLOB) CHARACTER SET utf8mb4');
$emoji = "\u{1F600} naïve 漢字";

foreach (['plain' => 0, 'compressed' => MYSQLI_CLIENT_COMPRESS, 'tls' => MYSQLI_CLIENT_SSL] as $name => $flags) {
    check("rows $name", function () use ($flags, $emoji) {
        $c = open($flags);
        $c->query('DELETE FROM pdrv');
        $s = $c->prepare('INSERT INTO pdrv (v) VALUES (?)');
        foreach (['a', 'b', 'c'] as $x) {
            $v = $x . $emoji;
            $s->bind_param('s', $v);
            $s->execute();
            same(1, $s->affected_rows);
        }
        $s = $c->prepare('SELECT v, CHAR_LENGTH(v) n FROM pdrv WHERE v = ?');
        $v = 'b' . $emoji;
        $s->bind_param('s', $v);
        $s->execute();
        same(['v' => $v, 'n' => 11], $s->get_result()->fetch_assoc());
        same(str_repeat('x', 300000), $c->query("SELECT REPEAT('x', 300000)")->fetch_row()[0]);
        $c->close();
    });
    check("transaction $name", function () use ($flags) {
        [$c, $d] = [open($flags), open($flags)];
        $c->query('DELETE FROM pdrv');
        $c->autocommit(false);
        $c->query("INSERT INTO pdrv (v) VALUES ('a')");
        same('0', $d->query('SELECT COUNT(*) FROM pdrv')->fetch_row()[0]);
        $c->rollback();
        $c->begin_transaction();
        $c->query("INSERT INTO pdrv (v) VALUES ('b')");
        $c->commit();
        same('1', $d->query('SELECT COUNT(*) FROM pdrv')->fetch_row()[0]);
    });
}
check('multi_query', function () {
    $c = open();
    $c->multi_query('SELECT 1; DO 2; SELECT 3');
    $got = [];
    do {
        if ($r = $c->store_result()) {
            $got[] = $r->fetch_row()[0];
        }
    } while ($c->more_results() && $c->next_result());
    same(['1', '3'], $got);
});
check('unbuffered', function () {
    $c = open();
    $n = 0;
    foreach ($c->query('SELECT seq, REPEAT(0x41, 200) FROM seq_1_to_20000', MYSQLI_USE_RESULT) as $row) {
        $n++;
    }
    same(20000, $n);
});
check('cursor', function () {
    $c = open();
    $s = $c->prepare('SELECT seq FROM seq_1_to_1000');
    $s->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
    $s->execute();
    $s->bind_result($v);
    $sum = 0;
    while ($s->fetch()) {
        $sum += $v;
    }
    same(500500, $sum);
});
check('long data', function () {
    $c = open();
    $s = $c->prepare('INSERT INTO pdrv (v, b) VALUES (?, ?)');
    [$v, $null] = ['long', null];
    $s->bind_param('sb', $v, $null);
    for ($i = 0; $i < 20; $i++) {
        $s->send_long_data(1, str_repeat(chr(65 + $i), 1 << 20));
    }
    $s->execute();
    same((string)(20 << 20), $c->query("SELECT LENGTH(b) FROM pdrv WHERE v='long'")->fetch_row()[0]);
    $c->query('DELETE FROM pdrv');
});
check('change_user', function () {
    global $password;
    $c = open();
    $c->query('SET @a = 1');
    same(true, $c->change_user('app', $password, 'e'));
    same(['e', null], $c->query('SELECT DATABASE(), @a')->fetch_row());
});
check('errors', function () {
    $c = open();
    try {
        $c->query('SELECT * FROM nosuch');
        throw new Exception('no error');
    } catch (mysqli_sql_exception $e) {
        same(1146, $e->getCode());
        same('42S02', $e->getSqlState());
    }
    same('1', $c->query('SELECT 1')->fetch_row()[0]);
});
check('stat, ping, select_db, character set', function () {
    $c = open(0, 'latin1');
    same(1, preg_match('/^Uptime: \d+ Threads: /', $c->stat()));
    $c->select_db('e');
    same(['e', 'latin1'], $c->query('SELECT DATABASE(), @@character_set_client')->fetch_row());
    same("\xe9", $c->query("SELECT _latin1 0xe9")->fetch_row()[0]);
});
check('kill', function () {
    [$c, $d] = [open(), open()];
    $d->query('KILL ' . $c->thread_id);
    usleep(500000);
    try {
        $c->query('SELECT 1');
        throw new Exception('not killed');
    } catch (mysqli_sql_exception $e) {
        same(true, in_array($e->getCode(), [2006, 2013, 1317], true));
    }
});
foreach ([true, false] as $emulate) {
    check('PDO ' . ($emulate ? 'emulated' : 'server side'), function () use ($emulate, $emoji) {
        global $port, $password, $socket;
        foreach (["host=127.0.0.1;port=$port", "unix_socket=$socket"] as $where) {
            $c = new PDO("mysql:$where;dbname=d;charset=utf8mb4", 'app', $password,
                [PDO::ATTR_EMULATE_PREPARES => $emulate, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_PERSISTENT => true]);
            $c->exec('DELETE FROM pdrv');
            $c->beginTransaction();
            $s = $c->prepare('INSERT INTO pdrv (v) VALUES (:v)');
            $s->execute(['v' => $emoji]);
            $s->execute(['v' => $emoji]);
            $c->commit();
            $s = $c->prepare('SELECT COUNT(*) FROM pdrv WHERE v = ?');
            $s->execute([$emoji]);
            same('2', (string)$s->fetchColumn());
        }
    });
}
exit($failures === 0 ? 0 : 1);
