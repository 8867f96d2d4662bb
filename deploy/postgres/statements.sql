-- Which statements are slow, for *Salud* of the superadmin: once, in the platform's database, by a superuser (compose.yaml does it itself).
-- PostgreSQL must have been started with:
--   shared_preload_libraries = 'pg_stat_statements'
--   pg_stat_statements.track_utility = off      (what is not a query keeps its values, passwords of roles among them)
CREATE SCHEMA IF NOT EXISTS statements;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA statements;
GRANT USAGE ON SCHEMA statements TO saas;
GRANT pg_read_all_stats TO saas;
