PRAGMA application_id = 1329745995;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'obelisk-sqlite','1_tables','2026-11-26 09:58:26.862227+00:00');
CREATE TABLE t_delay (
        execution INTEGER NOT NULL,
        delay_id TEXT NOT NULL,
        join_set_id TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        paused INTEGER NOT NULL,
        PRIMARY KEY (execution, delay_id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "t_delay" VALUES(1,'Delay_00000000010000000000000001.g:1_1','g:1',1767225610000000,0);
CREATE TABLE t_deployment (
        digest TEXT PRIMARY KEY NOT NULL,
        deployment_id TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE t_execution_log (
        id INTEGER PRIMARY KEY,
        execution INTEGER NOT NULL,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        event TEXT NOT NULL,
        UNIQUE (execution, version)
    ) STRICT;
INSERT INTO "t_execution_log" VALUES(1,1,0,1767225600000000,'{"created":{"ffqn":"test:pkg/ifc.run","params":[],"parent":null,"scheduled_at":"2026-01-01T00:00:00Z","component_id":{"component_type":"workflow","name":"component-a","component_digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"deployment_id":"Dep_00000000010000000000000001","metadata":{},"scheduled_by":null}}');
INSERT INTO "t_execution_log" VALUES(2,1,1,1767225600000000,'{"locked":{"component_id":{"component_type":"workflow","name":"component-a","component_digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"executor_id":"Exr_00000000010000000000000001","deployment_id":"Dep_00000000010000000000000001","run_id":"Run_00000000010000000000000001","lock_expires_at":"2026-01-01T00:01:00Z","retry_config":{"max_retries":5,"retry_exp_backoff":{"secs":0,"nanos":100000000}}}}');
INSERT INTO "t_execution_log" VALUES(3,1,2,1767225600000000,'{"history_event":{"event":{"type":"join_set_create","join_set_id":"g:1"}}}');
INSERT INTO "t_execution_log" VALUES(4,1,3,1767225600000000,'{"history_event":{"event":{"type":"join_set_request","join_set_id":"g:1","request":{"type":"child_execution_request","child_execution_id":"E_00000000010000000000000001.g:1_1","target_ffqn":"test:pkg/ifc.other","params":[1],"result":{"Ok":null}}}}}');
INSERT INTO "t_execution_log" VALUES(5,1,4,1767225600000000,'{"history_event":{"event":{"type":"join_set_request","join_set_id":"g:1","request":{"type":"delay_request","delay_id":"Delay_00000000010000000000000001.g:1_1","expires_at":"2026-01-01T00:00:10Z","schedule_at":"now","paused":false}}}}');
INSERT INTO "t_execution_log" VALUES(6,1,5,1767225600000000,'{"history_event":{"event":{"type":"join_next","join_set_id":"g:1","run_expires_at":"2026-01-01T00:01:00Z","requested_ffqn":null,"closing":false}}}');
INSERT INTO "t_execution_log" VALUES(7,2,0,1767225600000000,'{"created":{"ffqn":"test:pkg/ifc.other","params":[],"parent":["E_00000000010000000000000001","g:1"],"scheduled_at":"2026-01-01T00:00:00Z","component_id":{"component_type":"workflow","name":"component-a","component_digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"deployment_id":"Dep_00000000010000000000000001","metadata":{},"scheduled_by":null}}');
INSERT INTO "t_execution_log" VALUES(8,3,0,1767225600000000,'{"created":{"ffqn":"test:pkg/ifc.run","params":[],"parent":null,"scheduled_at":"2026-01-01T00:00:00Z","component_id":{"component_type":"workflow","name":"component-a","component_digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"deployment_id":"Dep_00000000010000000000000001","metadata":{},"scheduled_by":null}}');
INSERT INTO "t_execution_log" VALUES(9,3,1,1767225600000000,'"cancellation_requested"');
INSERT INTO "t_execution_log" VALUES(10,4,0,1767225600000000,'{"created":{"ffqn":"test:pkg/ifc.run","params":[],"parent":null,"scheduled_at":"2026-01-01T00:00:00Z","component_id":{"component_type":"workflow","name":"component-a","component_digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"deployment_id":"Dep_00000000010000000000000001","metadata":{},"scheduled_by":null}}');
INSERT INTO "t_execution_log" VALUES(11,4,1,1767225600000000,'{"locked":{"component_id":{"component_type":"workflow","name":"component-a","component_digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"executor_id":"Exr_00000000010000000000000001","deployment_id":"Dep_00000000010000000000000001","run_id":"Run_00000000010000000000000001","lock_expires_at":"2026-01-01T00:01:00Z","retry_config":{"max_retries":5,"retry_exp_backoff":{"secs":0,"nanos":100000000}}}}');
INSERT INTO "t_execution_log" VALUES(12,4,2,1767225600000000,'{"finished":{"retval":{"ok":{"type":"u64","value":42}}}}');
CREATE TABLE t_join_set (
        execution INTEGER NOT NULL,
        join_set_id TEXT NOT NULL,
        requested INTEGER NOT NULL,
        arrived INTEGER NOT NULL,
        taken INTEGER NOT NULL,
        PRIMARY KEY (execution, join_set_id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "t_join_set" VALUES(1,'g:1',2,0,1);
CREATE TABLE t_join_set_response (
        execution INTEGER NOT NULL,
        cursor INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        join_set_id TEXT NOT NULL,
        child_execution_id TEXT,
        finished_version INTEGER,
        result TEXT,
        delay_id TEXT,
        success INTEGER,
        PRIMARY KEY (execution, cursor)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE t_state (
        id INTEGER PRIMARY KEY,
        execution_id TEXT NOT NULL UNIQUE,
        ffqn TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        scheduled_at INTEGER NOT NULL,
        parent_id TEXT,
        parent_join_set_id TEXT,
        component_type TEXT NOT NULL,
        component_name TEXT NOT NULL,
        component_digest TEXT NOT NULL,
        deployment_id TEXT NOT NULL,
        next_version INTEGER NOT NULL,
        cursor INTEGER NOT NULL,
        status TEXT NOT NULL,
        lifecycle TEXT NOT NULL,
        due_at INTEGER NOT NULL,
        executor_id TEXT,
        run_id TEXT,
        lock_version INTEGER,
        join_set_id TEXT,
        closing INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        max_retries INTEGER,
        retry_backoff_secs INTEGER NOT NULL,
        retry_backoff_nanos INTEGER NOT NULL,
        result_kind TEXT,
        failure_kind TEXT,
        incompatible_digest TEXT
    ) STRICT;
INSERT INTO "t_state" VALUES(1,'E_00000000010000000000000001','test:pkg/ifc.run',1767225600000000,1767225600000000,NULL,NULL,'workflow','component-a','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','Dep_00000000010000000000000001',6,0,'blocked_by_join_set','active',1767225660000000,'Exr_00000000010000000000000001','Run_00000000010000000000000001',1,'g:1',0,0,5,0,100000000,NULL,NULL,NULL);
INSERT INTO "t_state" VALUES(2,'E_00000000010000000000000001.g:1_1','test:pkg/ifc.other',1767225600000000,1767225600000000,'E_00000000010000000000000001','g:1','workflow','component-a','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','Dep_00000000010000000000000001',1,0,'pending_at','active',1767225600000000,NULL,NULL,NULL,NULL,0,0,NULL,0,0,NULL,NULL,NULL);
INSERT INTO "t_state" VALUES(3,'E_00000000010000000000000002','test:pkg/ifc.run',1767225600000000,1767225600000000,NULL,NULL,'workflow','component-a','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','Dep_00000000010000000000000001',2,0,'pending_at','cancelling',1767225600000000,NULL,NULL,NULL,NULL,0,0,NULL,0,0,NULL,NULL,NULL);
INSERT INTO "t_state" VALUES(4,'E_00000000010000000000000003','test:pkg/ifc.run',1767225600000000,1767225600000000,NULL,NULL,'workflow','component-a','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','Dep_00000000010000000000000001',3,0,'finished','active',1767225600000000,NULL,NULL,1,NULL,0,0,5,0,100000000,'ok',NULL,NULL);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX t_state_created ON t_state (created_at, execution_id);
CREATE INDEX t_state_pending_ffqn ON t_state (ffqn, due_at)
        WHERE status = 'pending_at' AND lifecycle = 'active';
CREATE INDEX t_state_pending_digest ON t_state (component_digest, due_at)
        WHERE status = 'pending_at' AND lifecycle = 'active';
CREATE INDEX t_state_timer ON t_state (status, due_at) WHERE status <> 'finished';
CREATE UNIQUE INDEX t_join_set_response_child ON t_join_set_response (child_execution_id)
        WHERE child_execution_id IS NOT NULL;
CREATE UNIQUE INDEX t_join_set_response_delay ON t_join_set_response (delay_id)
        WHERE delay_id IS NOT NULL;
CREATE INDEX t_delay_expires ON t_delay (expires_at) WHERE paused = 0;
COMMIT;
