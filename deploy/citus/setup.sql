-- On the coordinator, once. The nodes let it in as the application's role (pg_hba.conf).
ALTER SYSTEM SET citus.enable_schema_based_sharding = on;  -- a schema made from now on lives on one node
ALTER SYSTEM SET citus.enable_unsafe_triggers = on;        -- triggers run on the node; ours look at their own schema alone
SELECT pg_reload_conf();
SELECT citus_set_coordinator_host('coordinator', 5432);
SELECT citus_add_node('node1', 5432);
SELECT citus_add_node('node2', 5432);
