#!/bin/sh
# Installs the programs that tests run and this host lacks. Without root it says what is missing and what is skipped.
set -eu

PATH=$PATH:/usr/sbin:/sbin

# program, Debian package, RPM package, what needs it
programs='
mariadbd   mariadb-server mariadb-server tests-against-a-real-database
mysql      mariadb-client mariadb        tests-with-the-mysql-client
keepalived keepalived     keepalived     tests-beside-a-real-keepalived
ip         iproute2       iproute        tests-in-network-namespaces
ping       iputils-ping   iputils        tests-of-who-answers-for-an-address
tcpdump    tcpdump        tcpdump        tests-that-look-at-packets
ps         procps         procps-ng      tests-of-the-process-tree
mycli      mycli          python3-PyMySQL tests-with-mycli-and-PyMySQL
ansible    ansible        ansible-core   tests-with-community.proxysql
sysbench   sysbench       sysbench       tests-with-sysbench
java       default-jre-headless java-17-openjdk-headless tests-with-the-MariaDB-connector-for-Java
php        php-cli        php-cli        tests-with-PHP
node       nodejs         nodejs         tests-with-mysql2-for-Node.js
'

deb='' rpm=''
while read -r program d r what; do
	if [ -n "$program" ] && ! command -v "$program" >/dev/null; then
		deb="$deb $d" rpm="$rpm $r"
		echo "missing: $program, for $(echo "$what" | tr - ' ')"
	fi
done <<EOF
$programs
EOF

# drivers: nothing to find in PATH, so they are asked for by loading them
driver() { # what needs it, Debian package, RPM package, command that loads it
	what=$1 d=$2 r=$3
	shift 3
	"$@" >/dev/null 2>&1 && return
	deb="$deb $d" rpm="$rpm $r"
	echo "missing: $what"
}
driver 'PyMySQL, for tests with real drivers' python3-pymysql python3-PyMySQL /usr/bin/python3 -c 'import pymysql'
driver 'mysqlclient, for tests with real drivers' python3-mysqldb python3-mysqlclient /usr/bin/python3 -c 'import MySQLdb'
driver 'DBD::mysql, for tests with real drivers' libdbd-mysql-perl perl-DBD-MySQL /usr/bin/perl -MDBD::mysql -e 1
driver 'mysqli, for tests with real drivers' php-mysql php-mysqlnd php -r 'exit(function_exists("mysqli_init") && class_exists("PDO") ? 0 : 1);'
driver 'MariaDB connector for Java, for tests with real drivers' libmariadb-java mariadb-java-client test -e /usr/share/java/mariadb-java-client.jar
compiles() { command -v javac || command -v ecj; }
driver 'Java compiler, for tests with real drivers' ecj ecj compiles

# mysql2 for Node.js comes from npm, into a directory of its own in which the tests look for it
node_dir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/keepsql-test/node
has_mysql2() { NODE_PATH=${NODE_PATH:-}:$node_dir/node_modules node -e "require('mysql2')"; }
node_modules() {
	has_mysql2 >/dev/null 2>&1 && return
	echo 'missing: mysql2, for tests with real drivers'
	command -v npm >/dev/null || { echo 'npm is missing too: tests with Node.js will be skipped'; return; }
	mkdir -p "$node_dir" &&
		timeout 60 npm install --prefix "$node_dir" --no-audit --no-fund --no-save --loglevel=error mysql2 &&
		has_mysql2 || echo 'npm cannot install mysql2 (no network?): tests with Node.js will be skipped'
}

if [ "$(id -u)" != 0 ]; then
	node_modules
	echo 'not root: tests in network namespaces (VRRP on real interfaces, the lab) will be skipped'
	[ -z "$deb" ] || echo "not root: nothing is installed; tests that need the missing programs will be skipped"
	exit 0
fi
if has_mysql2 >/dev/null 2>&1 || command -v npm >/dev/null; then npm=''; else npm=npm; fi
[ -n "$deb$npm" ] || { node_modules; exit 0; }

if command -v apt-get >/dev/null; then
	# Packages of services start them when they are configured, unless this file forbids it.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
	install() { timeout 200 apt-get install -y -q --no-install-recommends "$@"; }
	# shellcheck disable=SC2086
	[ -z "$deb" ] || install $deb || {
		apt-get update -q
		install $deb || for one in $deb; do # one that does not exist here must not cost the others
			install "$one" || echo "cannot install $one: tests that need it will be skipped"
		done
	}
	[ -z "$npm" ] || timeout 120 apt-get install -y -q --no-install-recommends npm || echo 'cannot install npm in time'
elif command -v dnf >/dev/null || command -v yum >/dev/null; then
	dnf=$(command -v dnf || command -v yum)
	# shellcheck disable=SC2086
	"$dnf" install -y -q $rpm $npm || for one in $rpm $npm; do
		"$dnf" install -y -q "$one" || echo "cannot install $one: tests that need it will be skipped"
	done
else
	echo 'no apt-get, dnf or yum here: tests that need the missing programs will be skipped'
fi
node_modules
