CREATE TABLE global_variables (variable_name VARCHAR NOT NULL PRIMARY KEY , variable_value VARCHAR NOT NULL);
INSERT INTO global_variables VALUES ('mysql-threads','2'), ('mysql-forward_autocommit','false'), ('mysql-max_connections','0'),
 ('mysql-have_ssl','TRUE'), ('clickhouse-port','9001'), ('admin-version','2.0.14'), ('admin-web_enabled','1');
CREATE TABLE mysql_servers (hostgroup_id INT CHECK (hostgroup_id>=0) NOT NULL DEFAULT 0 , hostname VARCHAR NOT NULL , port INT NOT NULL DEFAULT 3306 , status VARCHAR CHECK (UPPER(status) IN ('ONLINE','SHUNNED')) NOT NULL DEFAULT 'ONLINE' , weight INT CHECK (weight >= 0) NOT NULL DEFAULT 1 , compression INT NOT NULL DEFAULT 0 , max_connections INT NOT NULL DEFAULT 1000 , max_replication_lag INT NOT NULL DEFAULT 0 , use_ssl INT NOT NULL DEFAULT 0 , max_latency_ms INT UNSIGNED NOT NULL DEFAULT 0 , PRIMARY KEY (hostgroup_id, hostname, port) );
INSERT INTO mysql_servers(hostgroup_id,hostname,weight) VALUES (1,'a',5), (1,'b',20000000), (2,'c','many');
CREATE TABLE mysql_servers_v1_2_0 (hostname VARCHAR);
INSERT INTO mysql_servers_v1_2_0 VALUES ('kept by an upgrade');
CREATE TABLE mysql_users (username VARCHAR NOT NULL , password VARCHAR , active INT CHECK (active IN (0,1)) NOT NULL DEFAULT 1 , use_ssl INT NOT NULL DEFAULT 0 , default_hostgroup INT NOT NULL DEFAULT 0 , default_schema VARCHAR , schema_locked INT NOT NULL DEFAULT 0 , transaction_persistent INT NOT NULL DEFAULT 0 , fast_forward INT NOT NULL DEFAULT 0 , backend INT NOT NULL DEFAULT 1 , frontend INT NOT NULL DEFAULT 1 , max_connections INT NOT NULL DEFAULT 10000 , nickname VARCHAR , PRIMARY KEY (username, backend) , UNIQUE (username, frontend));
INSERT INTO mysql_users(username,password,backend,frontend) VALUES ('both','s3cr3t',0,1), ('both','s3cr3t',1,0), ('differ','s3cr3t1',0,1), ('differ','s3cr3t2',1,0), ('nopass',NULL,1,1);
CREATE TABLE mysql_galera_hostgroups (writer_hostgroup INT NOT NULL PRIMARY KEY , backup_writer_hostgroup INT NOT NULL , reader_hostgroup INT NOT NULL , offline_hostgroup INT NOT NULL , active INT NOT NULL DEFAULT 1 , max_writers INT NOT NULL DEFAULT 1 , writer_is_also_reader INT NOT NULL DEFAULT 0 , max_transactions_behind INT NOT NULL DEFAULT 0 , comment VARCHAR);
INSERT INTO mysql_galera_hostgroups VALUES (1,2,3,4,1,1,0,0,NULL), (11,12,13,14,0,1,0,0,'off');
CREATE TABLE mysql_query_rules_fast_routing (username VARCHAR NOT NULL , schemaname VARCHAR NOT NULL , flagIN INT NOT NULL DEFAULT 0 , destination_hostgroup INT CHECK (destination_hostgroup >= 0) NOT NULL , comment VARCHAR NOT NULL , PRIMARY KEY (username, schemaname, flagIN));
INSERT INTO mysql_query_rules_fast_routing VALUES ('both','shop',0,1,'');
CREATE TABLE pgsql_users (username VARCHAR);
INSERT INTO pgsql_users VALUES ('p');
