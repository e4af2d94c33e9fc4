-- Run once, when a database is first made: who owns its tables, and who works with them and owns nothing.
-- The passwords are files that only this container is given.
\set owner_password `cat /run/secrets/owner_password`
\set service_password `cat /run/secrets/service_password`

CREATE ROLE mesh_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE mesh_service LOGIN PASSWORD :'service_password';
ALTER DATABASE mesh OWNER TO mesh_owner;
REVOKE ALL ON DATABASE mesh FROM PUBLIC;
GRANT CONNECT ON DATABASE mesh TO mesh_service;
-- Or the server's own log repeats the row that it refused: a login, a half of a key.
ALTER DATABASE mesh SET log_error_verbosity = terse;
