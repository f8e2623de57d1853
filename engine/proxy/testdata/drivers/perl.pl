# Uses the proxy as applications do: perl perl.pl PORT PASSWORD.
use strict;
use DBI;
my ($port, $password) = @ARGV;
for my $prepare (0, 1) {
	my $d = DBI->connect("DBI:mysql:database=d;host=127.0.0.1;port=$port;mysql_server_prepare=$prepare", "app", $password,
		{RaiseError => 1, PrintError => 0, mysql_enable_utf8mb4 => 1});
	$d->do("create or replace table drv (id int auto_increment primary key, v varchar(100)) character set utf8mb4");
	my $s = "\x{1F600}x";
	$d->do("insert into drv (v) values (?)", undef, $s);
	my $id = $d->last_insert_id(undef, undef, 'drv', 'id');
	my ($v) = $d->selectrow_array("select v from drv where id=?", undef, $id);
	die "text came back changed" if $v ne $s;
	$d->begin_work;
	$d->do("insert into drv (v) values ('perl')");
	$d->rollback;
	$d->{AutoCommit} = 0;
	$d->do("insert into drv (v) values ('perl')");
	$d->rollback;
	$d->{AutoCommit} = 1;
	my ($n) = $d->selectrow_array("select count(*) from drv where v='perl'");
	die "rollback left $n rows" if $n;
	my $st = $d->prepare("select seq from seq_1_to_1000 where seq>?");
	for my $i (1 .. 30) {
		$st->execute($i);
		my $rows = 0;
		$rows++ while $st->fetch;
		die "$rows rows after $i" if $rows != 1000 - $i;
	}
	eval { $d->do("selec"); };
	die "a wrong statement gave no 1064" if $d->err != 1064;
	eval { $d->do("load data local infile '/nowhere/x.csv' into table drv (v)"); };
	die "LOAD DATA LOCAL was accepted" if !$@;
	die "ping" unless $d->ping;
	my $columns = $d->column_info(undef, 'd', 'drv', '%');
	my $c = 0;
	$c++ while $columns->fetch;
	die "$c columns" if $c != 2;
	$d->disconnect;
}
