#!/bin/sh
# Installs the programs that tests run and this host lacks. Without root it says what is missing and what is skipped.
set -eu

PATH=$PATH:/usr/sbin:/sbin
begun=$(date +%s)

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

root=$(id -u)
if [ "$root" != 0 ]; then
	echo 'not root: tests in network namespaces (VRRP on real interfaces, the lab) will be skipped'
	[ -z "$deb" ] || echo "not root: nothing is installed; tests that need the missing programs will be skipped"
fi

# A package manager is never killed half way: it would leave the host unusable for the next one.
if command -v apt-get >/dev/null; then
	# Packages of services start them when they are configured, unless this file forbids it.
	policy=/usr/sbin/policy-rc.d
	if [ "$root" = 0 ] && [ ! -e "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
	install() { # Debian packages, RPM packages; without waiting for the disk
		# shellcheck disable=SC2086
		apt-get install -y -q --no-install-recommends -o Acquire::http::Timeout=20 -o Acquire::Retries=1 -o Dpkg::Options::=--force-unsafe-io $1
	}
	update() { apt-get update -q -o Acquire::http::Timeout=20; }
elif command -v dnf >/dev/null || command -v yum >/dev/null; then
	dnf=$(command -v dnf || command -v yum)
	install() {
		# shellcheck disable=SC2086
		"$dnf" install -y -q $2
	}
	update() { :; }
else
	echo 'no apt-get, dnf or yum here: tests that need the missing programs will be skipped'
	root=1
fi

if [ "$root" = 0 ] && [ -n "$deb" ]; then
	install "$deb" "$rpm" || { update; install "$deb" "$rpm"; }
fi

# What follows is worth having but not worth waiting for: it is installed one by one, as long as not too many seconds have
# passed since the beginning.
enough=${TEST_DEPS_SECONDS:-180}
updated=''
extra() { # what, Debian packages, RPM packages, command that says whether it is there
	what=$1 d=$2 r=$3
	shift 3
	"$@" >/dev/null 2>&1 && return
	if [ "$root" != 0 ]; then
		echo "missing: $what"
	elif [ $(($(date +%s) - begun)) -ge "$enough" ]; then
		echo "missing: $what; there is no time left to install it, its tests will be skipped"
	elif ! install "$d" "$r" && { [ -n "$updated" ] || ! update || ! updated=yes || ! install "$d" "$r"; }; then
		echo "missing: $what; it cannot be installed here, its tests will be skipped"
	fi
}
has_java() { command -v java && { command -v javac || command -v ecj; } && test -e /usr/share/java/mariadb-java-client.jar; }
has_galera() { ls /usr/lib/galera/libgalera_smm.so || ls /usr/lib64/galera*/libgalera_smm.so; }
extra 'Galera, for a cluster of MariaDB' galera-4 galera has_galera
extra 'PHP with mysqli' 'php-cli php-mysql' 'php-cli php-mysqlnd' php -r 'exit(function_exists("mysqli_init") && class_exists("PDO") ? 0 : 1);'
extra sysbench sysbench sysbench command -v sysbench
extra 'MariaDB connector for Java' 'libmariadb-java default-jre-headless ecj' 'mariadb-java-client java-17-openjdk-headless ecj' has_java

# mysql2 for Node.js comes from npm, into a directory of its own in which the tests look for it.
node_dir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/keepsql-test/node
has_mysql2() { NODE_PATH=${NODE_PATH:-}:$node_dir/node_modules node -e "require('mysql2')" >/dev/null 2>&1; }
if ! has_mysql2; then
	extra npm 'nodejs npm' 'nodejs npm' command -v npm
	mkdir -p "$node_dir"
	if ! command -v npm >/dev/null; then
		echo 'missing: mysql2 for Node.js, its tests will be skipped'
	elif ! timeout 60 npm install --prefix "$node_dir" --no-audit --no-fund --no-save --loglevel=error mysql2 || ! has_mysql2; then
		echo 'missing: mysql2 for Node.js; npm cannot install it (no network?), its tests will be skipped'
	fi
fi
