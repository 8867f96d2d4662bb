-- psql -v schema=a_0123456789abcdef -v node=node2 -f move.sql
SELECT schema_name, schema_size FROM citus_schemas ORDER BY schema_name;
SELECT citus_schema_move(:'schema'::regnamespace, :'node', 5432);
