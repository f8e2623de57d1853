INSERT INTO disk.global_variables VALUES
 ('admin-admin_credentials','admin:admin;cluster_user:cluster_pass'),
 ('admin-cluster_username','cluster_user'), ('admin-cluster_password','other_cluster_pass'),
 ('admin-cluster_check_interval_ms','1000'), ('admin-cluster_check_status_frequency','10'),
 ('admin-cluster_mysql_users_save_to_disk','true'), ('admin-cluster_mysql_users_diffs_before_sync','3'),
 ('admin-mysql_ifaces','0.0.0.0:6032'), ('admin-version','2.7.1-16-g2726c27'),
 ('mysql-threads','4'), ('mysql-max_connections','2048'), ('mysql-interfaces','0.0.0.0:6033;/tmp/proxysql.sock'),
 ('mysql-default_schema','information_schema'), ('mysql-server_version','8.0.39'),
 ('mysql-monitor_username','monitor'), ('mysql-monitor_password','monitor_secret'),
 ('mysql-monitor_connect_interval','2000'), ('mysql-monitor_ping_interval','2000'), ('mysql-monitor_read_only_interval','2000'),
 ('mysql-commands_stats','1');
INSERT INTO disk.proxysql_servers VALUES('10.99.0.1',6032,0,'proxysql_node1'), ('10.99.0.2',6032,0,'proxysql_node2');
INSERT INTO disk.mysql_servers(hostgroup_id,hostname,max_connections,max_replication_lag,status) VALUES
 (10,'10.99.0.11',200,0,'ONLINE'), (20,'10.99.0.12',500,10,'ONLINE'), (20,'10.99.0.13',200,10,'OFFLINE_SOFT'), (20,'10.99.0.14',200,10,'ONLINE');
INSERT INTO disk.mysql_replication_hostgroups VALUES(10,20,'read_only','seed');
INSERT INTO disk.mysql_users(username,password,default_hostgroup) VALUES('app','new_app_pass',10);
INSERT INTO disk.mysql_users(username,password,default_hostgroup,active,comment) VALUES('gone','old_pass',10,0,'left "in" May');
INSERT INTO disk.mysql_query_rules(rule_id,active,match_digest,destination_hostgroup,apply) VALUES
 (1,1,'^SELECT .* FOR UPDATE$',10,1), (2,1,'^SELECT',20,1);
INSERT INTO disk.mysql_query_rules(rule_id,active,match_pattern,replace_pattern,comment) VALUES(3,0,'^SELECT (\d+) FROM "a\\b"','SELECT \1','try it
later');
INSERT INTO disk.global_settings VALUES('uuid','6a3a3a36-6d6d-4e4e-8a8a-000000000001');
