// Uses the proxy as applications do: node node.js PORT PASSWORD.
const mysql=require('mysql2/promise'); const assert=require('assert');
const port=+process.argv[2]; let fails=0;
const o={host:'127.0.0.1',port,user:'app',password:process.argv[3],database:'d',charset:'utf8mb4'};
async function c(name,f){try{await f();0}catch(e){fails++;console.log('FAIL',name,e)}}
(async()=>{
 await c('table',async()=>{const k=await mysql.createConnection(o);await k.query('create or replace table drv (id int auto_increment primary key, v varchar(100)) character set utf8mb4');await k.end()});
 await c('query',async()=>{const k=await mysql.createConnection(o);const [r]=await k.query("select '😀' a, 1 b");assert.equal(r[0].a,'😀');await k.end()});
 await c('execute',async()=>{const k=await mysql.createConnection(o);for(let i=0;i<5;i++){const [r]=await k.execute("select ? a, ? b, ? c, ? d",[i,'😀',null,Buffer.from([0,255])]);assert.equal(r[0].a,i);assert.equal(r[0].b,'😀');assert.equal(r[0].c,null)};
   const [x]=await k.execute("insert into drv(v) values(?)",['ps😀']);assert(x.insertId>0);const [r]=await k.execute("select v from drv where id=?",[x.insertId]);assert.equal(r[0].v,'ps😀');
   await k.unprepare("select v from drv where id=?");await k.end()});
 await c('trx',async()=>{const k=await mysql.createConnection(o);await k.beginTransaction();await k.execute("insert into drv(v) values(?)",['t1']);await k.rollback();const [r]=await k.query("select count(*) n from drv where v='t1'");assert.equal(r[0].n,0);await k.end()});
 await c('pool',async()=>{const p=mysql.createPool({...o,connectionLimit:5});await Promise.all(Array.from({length:50},(_, i)=>p.execute('select ? a, sleep(0.01)',[i]).then(([r])=>assert.equal(r[0].a,i))));
   const k=await p.getConnection();await k.query('set @a=5');await k.reset();const [r]=await k.query('select @a a');assert.equal(r[0].a,null);await k.changeUser({user:'app',password:process.argv[3],database:'mysql'});const [s]=await k.query('select database() a');assert.equal(s[0].a,'mysql');k.release();await p.end()});
 await c('multi',async()=>{const k=await mysql.createConnection({...o,multipleStatements:true});const [r]=await k.query("select 1 a; select 2 a; set @x=3; select @x a");assert.equal(r.length,4);assert.equal(r[3][0].a,3);await k.end()});
 await c('big',async()=>{const k=await mysql.createConnection(o);const b=Buffer.alloc(18<<20,'z');const [r]=await k.execute("select length(?) n",[b]);assert.equal(r[0].n,b.length);const [s]=await k.query("select repeat('x',18*1024*1024) v");assert.equal(s[0].v.length,18<<20);await k.end()});
 await c('compress',async()=>{const k=await mysql.createConnection({...o,compress:true});const [r]=await k.query("select repeat('x',100000) v");assert.equal(r[0].v.length,100000);await k.end()});
 await c('err',async()=>{const k=await mysql.createConnection(o);await assert.rejects(k.query('selec'),{errno:1064});await assert.rejects(k.execute('select * from nosuch where a=?',[1]),{errno:1146});const [r]=await k.execute('select 1 a');assert.equal(r[0].a,1);await k.end()});
 await c('infile',async()=>{const k=await mysql.createConnection(o);await assert.rejects(k.query("load data local infile '/nowhere/x.csv' into table drv (v)"));await k.ping();await k.end()});
 await c('ssl',async()=>{const k=await mysql.createConnection({...o,ssl:{rejectUnauthorized:false}});await k.query('select 1');await k.execute('select 1');await k.end()});
 await c('tz',async()=>{const k=await mysql.createConnection({...o,timezone:'Z'});await k.query("SET time_zone='+00:00'");const [r]=await k.query("select @@time_zone a");assert.equal(r[0].a,'+00:00');await k.end()});
 await c('pipeline',async()=>{const k=await mysql.createConnection(o);const rs=await Promise.all([k.query('select 1 a'),k.execute('select ? a',[2]),k.query('select 3 a')]);assert.deepEqual(rs.map(x=>x[0][0].a),[1,2,3]);await k.end()});
 process.exit(fails);
})();
