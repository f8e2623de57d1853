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

if [ "$(id -u)" != 0 ]; then
	echo 'not root: tests in network namespaces (VRRP on real interfaces, the lab) will be skipped'
	[ -z "$deb" ] || echo "not root: nothing is installed; tests that need the missing programs will be skipped"
	exit 0
fi
[ -n "$deb" ] || exit 0

if command -v apt-get >/dev/null; then
	# Packages of services start them when they are configured, unless this file forbids it.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
	# shellcheck disable=SC2086
	apt-get install -y -q --no-install-recommends $deb || {
		apt-get update -q
		apt-get install -y -q --no-install-recommends $deb
	}
elif command -v dnf >/dev/null; then
	# shellcheck disable=SC2086
	dnf install -y -q $rpm
elif command -v yum >/dev/null; then
	# shellcheck disable=SC2086
	yum install -y -q $rpm
else
	echo 'no apt-get, dnf or yum here: tests that need the missing programs will be skipped'
fi
