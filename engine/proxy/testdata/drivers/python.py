"""Uses the proxy as applications do: python.py MODULE PORT PASSWORD, MODULE is pymysql or MySQLdb (mysqlclient)."""
import datetime
import decimal
import os
import sys
import threading
import time
import traceback
mod = sys.argv[1]; port=int(sys.argv[2]); pw=sys.argv[3]
if mod=='pymysql':
    import pymysql as M
    E=M.err
else:
    import MySQLdb as M
    E=M
fails=0
def conn(**k):
    d=dict(host='127.0.0.1',port=port,user='app',passwd=pw,db='d',charset='utf8mb4'); d.update(k)
    return M.connect(**d)
def case(f):
    global fails
    try:
        f(); pass
    except Exception:
        fails+=1; print('FAIL',f.__name__); traceback.print_exc()
def q(c,s,a=None):
    cur=c.cursor(); cur.execute(s,a); r=cur.fetchall(); cur.close(); return r
c=conn(); q(c,"create or replace table drv (id int auto_increment primary key, v varchar(100), b longblob) character set utf8mb4"); c.close()
@case
def utf8mb4():
    c=conn(); s='\U0001F600 naïve 漢字'
    q(c,"delete from drv"); q(c,"insert into drv(v) values(%s)",(s,)); c.commit()
    r=q(c,"select v, char_length(v), hex(v) from drv where v=%s",(s,))
    assert r[0][0]==s and r[0][1]==10, r
@case
def blob():
    c=conn(); b=os.urandom(20<<20)
    cur=c.cursor(); cur.execute("insert into drv(b) values(_binary %s)",(b,)); i=cur.lastrowid; c.commit()
    r=q(c,"select b from drv where id=%s",(i,)); assert r[0][0]==b
    q(c,"delete from drv where id=%s",(i,)); c.commit()
@case
def trx():
    c=conn(); d=conn()
    q(c,"delete from drv"); c.commit()
    q(c,"insert into drv(v) values('x')")
    assert q(d,"select count(*) from drv")[0][0]==0
    c.rollback(); assert q(c,"select count(*) from drv")[0][0]==0
    q(c,"insert into drv(v) values('x')"); c.commit(); d.commit()
    assert q(d,"select count(*) from drv")[0][0]==1
@case
def autocommit():
    c=conn(autocommit=True); 
    q(c,"insert into drv(v) values('ac')"); d=conn(); assert q(d,"select count(*) from drv where v='ac'")[0][0]==1
    c.autocommit(False); q(c,"insert into drv(v) values('ac2')"); c.rollback(); c.autocommit(True)
    assert q(c,"select count(*) from drv where v='ac2'")[0][0]==0
@case
def django():
    c=conn()
    for s in ["SET SQL_AUTO_IS_NULL = 0","SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; "[:-2],
      "SELECT VERSION(), @@sql_mode, @@default_storage_engine, @@sql_auto_is_null, @@lower_case_table_names, CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL",
      "SET foreign_key_checks=0","SET foreign_key_checks=1","SHOW FULL TABLES", "SET sql_mode='STRICT_TRANS_TABLES'"]:
        q(c,s)
    assert q(c,"select @@sql_mode")[0][0]=='STRICT_TRANS_TABLES'
    r=q(c,"select @@tx_isolation")[0][0]; assert r=='READ-COMMITTED', r
    d=conn(init_command="SET sql_mode='STRICT_TRANS_TABLES', time_zone='+02:00'")
    assert q(d,"select @@time_zone, @@sql_mode")[0]==('+02:00','STRICT_TRANS_TABLES')
    e=conn(); assert q(e,"select @@time_zone")[0][0]=='SYSTEM', q(e,"select @@time_zone")
@case
def rails():
    c=conn(init_command="SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci,  @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483, @@SESSION.sql_mode = 'STRICT_ALL_TABLES'")
    assert q(c,"select @@sql_mode, @@collation_connection")[0]==('STRICT_ALL_TABLES','utf8mb4_unicode_ci')
    d=conn(init_command="SET  @@SESSION.sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'),  @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483")
    assert 'STRICT_ALL_TABLES' in q(d,"select @@sql_mode")[0][0]
    q(d,"SELECT @@max_allowed_packet"); q(d,"insert into drv(v) values('r')"); d.commit()
    assert q(d,"select name from (select 1 name) x")[0][0]==1
@case
def wordpress():
    c=conn(); q(c,"SET NAMES 'utf8mb4' COLLATE 'utf8mb4_unicode_520_ci'"); q(c,"SELECT @@SESSION.sql_mode")
    q(c,"SET SESSION sql_mode='NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION'")
    q(c,"SELECT SQL_CALC_FOUND_ROWS id FROM drv LIMIT 1"); n=q(c,"SELECT FOUND_ROWS()")[0][0]; assert n>=1,n
    assert q(c,"select @@sql_mode")[0][0]=='NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION'
@case
def jdbc():
    c=conn()
    for s in ["/* mysql-connector-j-8.0.33 (Revision: x) */SELECT  @@session.auto_increment_increment AS auto_increment_increment, @@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, @@character_set_results AS character_set_results, @@character_set_server AS character_set_server, @@collation_server AS collation_server, @@collation_connection AS collation_connection, @@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, @@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, @@sql_mode AS sql_mode, @@system_time_zone AS system_time_zone, @@time_zone AS time_zone, @@tx_isolation AS transaction_isolation, @@wait_timeout AS wait_timeout",
      "SET character_set_results = NULL","SET autocommit=1","SET sql_mode='STRICT_TRANS_TABLES'","set session transaction read only","select @@session.tx_read_only","set session transaction read write",
      "set autocommit=1, session_track_schema=1, sql_mode = concat(@@sql_mode,',STRICT_TRANS_TABLES')","set session character_set_client=utf8mb4,character_set_results=utf8mb4","SELECT 1","set session net_write_timeout=600","select @@max_allowed_packet, @@wait_timeout","SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"]:
        q(c,s)
    q(c,"SET character_set_results = NULL"); assert q(c,"select 'a', @@character_set_results")[0][1] is None
@case
def uservars():
    c=conn(); q(c,"SET @a=1"); q(c,"insert into drv(v) values('uv')"); assert q(c,"select @a")[0][0]==1; c.rollback()
    assert q(c,"select @a:=@a+1")[0][0]==2
@case
def localinfile():
    k={'local_infile':1}
    c=conn(**k)
    try: q(c,"LOAD  DATA LOCAL INFILE '/nowhere/x.csv' INTO TABLE drv (v)"); raise Exception('accepted')
    except (E.OperationalError,E.NotSupportedError,E.ProgrammingError,E.InternalError) as e: pass
    assert q(c,"select 1")[0][0]==1
@case
def multi():
    if mod!='pymysql': return # Debian's mysqlclient turns them off again
    k={'client_flag':M.constants.CLIENT.MULTI_STATEMENTS}
    c=conn(**k); cur=c.cursor(); cur.execute("select 1; select 2; insert into drv(v) values('m'); select 3")
    out=[cur.fetchall()]
    while cur.nextset(): out.append(cur.fetchall())
    c.commit(); assert [x for x in out if x]==[((1,),),((2,),),((3,),)], out
    if mod=='pymysql':
        c=conn()
        try: q(c,"select 1; select 2"); raise Exception('multi accepted without flag')
        except E.ProgrammingError as e: assert e.args[0]==1064
    try: cur=c.cursor(); cur.execute("select 1; select nosuch"); cur.fetchall(); cur.nextset(); raise Exception('no error')
    except (E.OperationalError,E.ProgrammingError) as e: pass
    c.close()
@case
def callproc():
    c=conn(); q(c,"drop procedure if exists p1"); q(c,"create procedure p1(in a int, out b int) begin select a+1; select a+2; set b=a+3; end"); c.commit()
    cur=c.cursor(); cur.callproc('p1',(5,0)); r=[cur.fetchall()]
    while cur.nextset(): r.append(cur.fetchall())
    cur.execute('select @_p1_1'); assert cur.fetchone()[0]==8; assert r[0]==((6,),) and r[1]==((7,),), r
@case
def kill():
    c=conn(); d=conn(); 
    tid=q(c,"select connection_id()")[0][0]; assert tid==c.thread_id(), (tid,c.thread_id())
    res=[]
    def f():
        try: res.append(q(c,"select sleep(300)"))
        except Exception as e: res.append(e)
    t=threading.Thread(target=f); t.start()
    for i in range(3000):
        if q(d,"select 1 from information_schema.processlist where info='select sleep(300)'"): break
        time.sleep(.01)
    q(d,"KILL QUERY %d"%tid); t.join(60); assert not t.is_alive(), 'slow'
    assert q(c,"select 1")[0][0]==1
    q(d,"KILL %d"%tid); time.sleep(.3)
    try: q(c,"select 1"); raise Exception('alive')
    except (E.OperationalError,E.InternalError) as e: pass
@case
def changeuser():
    if mod!='MySQLdb': return
    c=conn(); q(c,"set @a=1"); c.change_user('app',pw,'d'); assert q(c,"select @a")[0][0] is None
@case
def ping():
    c=conn(); c.ping(); c.select_db('mysql'); assert q(c,"select database()")[0][0]=='mysql'
    try: c.select_db('nosuch'); q(c,"select 1"); raise Exception('x')
    except (E.OperationalError) as e: pass
    c.select_db('d'); assert q(c,"select database()")[0][0]=='d'
@case
def warnings():
    c=conn(); q(c,"set sql_mode=''"); q(c,"drop table if exists w"); q(c,"create table w(a tinyint)"); q(c,"insert into w values(1000)")
    r=q(c,"show warnings"); assert r and r[0][1]==1264, r
    r=q(c,"show warnings"); assert r, r
    q(c,"select 1/0"); c.commit()
@case
def types():
    c=conn(); 
    r=q(c,"select cast('2024-01-02 03:04:05.6' as datetime(6)), cast(1.50 as decimal(5,2)), null, cast('-838:59:59' as time), x'00ff', 18446744073709551615")[0]
    assert r[0]==datetime.datetime(2024,1,2,3,4,5,600000) and r[1]==decimal.Decimal('1.50') and r[2] is None and r[4]==b'\0\xff' and r[5]==18446744073709551615, r
@case
def sscursor():
    cl = M.cursors.SSCursor
    c=conn(); cur=c.cursor(cl); cur.execute("select seq from seq_1_to_100000"); n=0
    for r in cur: n+=1
    cur.close(); assert n==100000; assert q(c,"select 1")[0][0]==1
@case
def temptable():
    c=conn(autocommit=True); q(c,"create temporary table tt(a int)"); q(c,"insert into tt values(1)"); assert q(c,"select * from tt /* hostgroup=10 */")[0][0]==1
@case
def dup():
    c=conn(); q(c,"insert into drv(id,v) values(1000000,'a')")
    try: q(c,"insert into drv(id,v) values(1000000,'a')"); raise Exception()
    except E.IntegrityError as e: assert e.args[0]==1062
    q(c,"insert into drv(v) values('b')"); c.rollback(); assert q(c,"select count(*) from drv where id=1000000")[0][0]==0
@case
def badpw():
    try: conn(passwd='x'); raise Exception()
    except E.OperationalError as e: assert e.args[0]==1045; pass
@case
def ssl():
    k = {'ssl':{'ssl':True}} if mod=='pymysql' else {'ssl':{'cipher':'ALL'}}
    c=conn(**k); q(c,"select 1")
@case
def compress():
    if mod!='MySQLdb': return
    c=conn(compress=1); assert q(c,"select 1")[0][0]==1; assert len(q(c,"select repeat('a',100000)")[0][0])==100000
sys.exit(fails)
