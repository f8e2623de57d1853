INSERT INTO disk.global_settings VALUES('uuid','6a3a3a36-6d6d-4e4e-8a8a-000000000001');
INSERT INTO disk.global_variables VALUES('mysql-threads','4'),('mysql-monitor_password','pw_of_monitor'),('mysql-max_connections','5000');
INSERT INTO disk.mysql_servers(hostgroup_id,hostname,comment,weight) VALUES(1,'a','y',2),(1,'same','',1);
INSERT INTO disk.mysql_users(username,password,default_schema) VALUES('u01','pw_of_db',''),('u02','pw_of_db',''),('u03','pw_of_db',''),('u04','pw_of_db',''),('u05','pw_of_db',''),('u06','pw_of_db',''),('u07','pw_of_db',''),('u08','pw_of_db',''),('u09','pw_of_db',''),('u10','pw_of_db',''),('u11','pw_of_db',''),('u12','pw_of_db',''),('u13','pw_of_db',''),('u14','pw_of_db',''),('u15','pw_of_db',''),('u16','pw_of_db',''),('u17','pw_of_db',''),('u18','pw_of_db',''),('u19','pw_of_db',''),('u20','pw_of_db',''),('u21','pw_of_db',''),('u22','pw_of_db',''),('u23','pw_of_db',''),('u24','pw_of_db','');
INSERT INTO disk.proxysql_servers(hostname) VALUES('p1'),('p2');
