BEGIN TRANSACTION;
CREATE TABLE alarms (
	alarm_id VARCHAR(40) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	priority SMALLINT NOT NULL, 
	subject TEXT NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	raised_us BIGINT NOT NULL, 
	incident_id VARCHAR(40) NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (alarm_id)
);
INSERT INTO "alarms" VALUES('A-000001','burst',1,'network','active',1704294005120000,'','{"acknowledged_at":null,"acknowledged_by":"","alarm_id":"A-000001","channels":[],"code":"","detail":"","elevation_error_m":null,"ends_at":null,"evidence":[],"explanations":[],"full_priority":null,"incident_id":"","is_drill":false,"kind":"burst","limit":null,"priority":1,"raised_at":"2024-01-03T15:00:05.120000Z","returned_at":null,"shelved_reason":"","shelved_until":null,"state":"active","subject":"network"}');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE changes (
	seq INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	user TEXT NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	subject VARCHAR(200) NOT NULL, 
	"before" TEXT, 
	"after" TEXT, 
	note TEXT NOT NULL, 
	undoes BIGINT, 
	prev_hash VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, actor TEXT, 
	PRIMARY KEY (seq)
);
INSERT INTO "changes" VALUES(1,1704294005120000,'王','incident_opened','incident/2024-0001',NULL,'{"phase":"suspected"}','立案',NULL,'0000000000000000000000000000000000000000000000000000000000000000','01234c88b76b4482ce44e5d7645144be57b24e5c37824571fcccf3e9a4dea4c9','{"actor_id":"王","areas":[],"name":"王","role":"dispatcher","seat":""}');
INSERT INTO "changes" VALUES(2,1704294005120000,'王','alarm_raised','alarm/A-000001',NULL,'{"state":"active"}','报警',NULL,'01234c88b76b4482ce44e5d7645144be57b24e5c37824571fcccf3e9a4dea4c9','b8587b23be37a3bba997dc320311840a8b58513d3c1b83a46e758a5d607e34e0','{"actor_id":"王","areas":[],"name":"王","role":"dispatcher","seat":""}');
CREATE TABLE counters (
	kind VARCHAR(40) NOT NULL, 
	last BIGINT NOT NULL, 
	PRIMARY KEY (kind)
);
INSERT INTO "counters" VALUES('incident/2024',1);
INSERT INTO "counters" VALUES('alarm',1);
INSERT INTO "counters" VALUES('change',2);
CREATE TABLE expected_ticks (
	at_us BIGINT NOT NULL, 
	stations INTEGER NOT NULL, 
	packed BLOB NOT NULL, sigma BLOB, 
	PRIMARY KEY (at_us)
);
INSERT INTO "expected_ticks" VALUES(1704294000000000,4,X'78019BC2C050C3C090C2C0E0C3C050CAC050C9C050CBC0D0C8800A1A1A18600800A20607AD',X'7801636068B0676060700022206E70000010830240');
INSERT INTO "expected_ticks" VALUES(1704294060000000,4,X'7801FBC1C0F08081E10403C30606865206864A06865A0686460654D0D0C0004300E5FE093D',NULL);
INSERT INTO "expected_ticks" VALUES(1704294120000000,4,X'78018B6160706160D06160106160286360A86260A86360686240050D0D0C3004007C7406D1',NULL);
CREATE TABLE incidents (
	incident_id VARCHAR(40) NOT NULL, 
	version INTEGER NOT NULL, 
	phase VARCHAR(20) NOT NULL, 
	title TEXT NOT NULL, 
	opened_us BIGINT NOT NULL, 
	closed_us BIGINT, 
	is_drill BOOLEAN NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (incident_id)
);
INSERT INTO "incidents" VALUES('2024-0001',1,'suspected','经十路',1704294005120000,NULL,0,'{"alarm_ids":[],"alerted_at":null,"burst_pipes":[],"close_reason":"","closed_at":null,"conflicts":[],"drafted_at":null,"evidence":[],"explanations":[],"first_abnormal_at":"2024-01-03T15:00:05.120000Z","ground":"","hand_readings":[],"impact":null,"incident_id":"2024-0001","is_drill":false,"isolated_at":null,"issued_at":null,"location":null,"notices":[],"opened_at":"2024-01-03T15:00:05.120000Z","orders":[],"outlook":null,"parts":null,"phase":"suspected","place":null,"plan":null,"restoration_at":null,"restoration_by":"","sample":null,"title":"经十路","valve_marks":[],"verified_at":null,"version":1}');
CREATE TABLE outgoing (
	outgoing_id INTEGER NOT NULL, 
	change_seq INTEGER NOT NULL, 
	topic TEXT NOT NULL, 
	content_type VARCHAR(80) NOT NULL, 
	qos SMALLINT NOT NULL, 
	payload BLOB NOT NULL, 
	sent_us BIGINT, 
	PRIMARY KEY (outgoing_id), 
	FOREIGN KEY(change_seq) REFERENCES changes (seq)
);
INSERT INTO "outgoing" VALUES(1,1,'quanmai/v1/jinan/areas/A1/alerts','application/json',1,X'E78886E7AEA1',NULL);
CREATE TABLE reading_blocks (
	station INTEGER NOT NULL, 
	channel SMALLINT NOT NULL, 
	from_us BIGINT NOT NULL, 
	block_no BIGINT NOT NULL, 
	to_us BIGINT NOT NULL, 
	packed BLOB NOT NULL, arrivals BLOB, 
	PRIMARY KEY (station, channel, from_us, block_no)
)
 WITHOUT ROWID

;
INSERT INTO "reading_blocks" VALUES(0,0,1704294000000000,4,1704294120000000,X'007C76DE0B0E060000030AE20B0E0600008A9DE50B0E06000000000000C072400000000000D072400000000000E07240000000',X'003E62EA0B0E0600000000000000000000000000');
INSERT INTO "reading_blocks" VALUES(1,0,1704034800000000,4,1704294120000000,X'005CF084CF0D0600FFBBC7A2E30D0600001C9FC0F70D0600007C76DE0B0E060000030AE20B0E0600008A9DE50B0E0600000000000020724000000000003072400000000000407240000000000060734000000000007073400000000000807340000201000000',X'003E62EA0B0E0600E8030000E8030000E8030000000000000000000000000000');
INSERT INTO "reading_blocks" VALUES(2,0,1704294000000000,4,1704294120000000,X'007C76DE0B0E060000030AE20B0E0600008A9DE50B0E0600000000000000744000000000001074400000000000207440000000',X'003E62EA0B0E0600000000000000000000000000');
CREATE TABLE reading_log (
	log_id INTEGER NOT NULL, 
	rows INTEGER NOT NULL, 
	packed BLOB NOT NULL, arrived_us BIGINT, 
	PRIMARY KEY (log_id)
);
INSERT INTO "reading_log" VALUES(1,1,X'0200000000001131E90B0E0600000000000030744000',1704294180500000);
INSERT INTO "reading_log" VALUES(2,1,X'0300000000001131E90B0E06000000000000A0744000',NULL);
CREATE TABLE tracks (
	crew_id VARCHAR(80) NOT NULL, 
	at_us BIGINT NOT NULL, 
	x FLOAT NOT NULL, 
	y FLOAT NOT NULL, 
	PRIMARY KEY (crew_id, at_us)
)
 WITHOUT ROWID

;
INSERT INTO "tracks" VALUES('C1',1704294000000000,1.0,2.0);
INSERT INTO "tracks" VALUES('C1',1704294010000000,1.5,2.5);
CREATE INDEX changes_by_subject ON changes (subject, seq);
CREATE TRIGGER changes_no_update BEFORE UPDATE ON changes BEGIN SELECT RAISE(ABORT, 'changes is append-only'); END;
CREATE TRIGGER changes_no_delete BEFORE DELETE ON changes BEGIN SELECT RAISE(ABORT, 'changes is append-only'); END;
CREATE INDEX incidents_by_phase ON incidents (phase, closed_us);
CREATE INDEX alarms_by_state ON alarms (state, raised_us);
CREATE INDEX outgoing_pending ON outgoing (sent_us, outgoing_id);
COMMIT;
