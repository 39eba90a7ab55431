-- name: find_api_key
SELECT name, scopes FROM api_key WHERE digest = :digest AND revoked_at IS NULL;

-- name: insert_api_key!
INSERT INTO api_key (key_id, name, digest, scopes, created_at) VALUES (:key_id, :name, :digest, :scopes, :now);

-- name: put_api_key!
-- The key of ONHAND_ADMIN_KEY and of the demo: named once, its secret may change.
INSERT INTO api_key (key_id, name, digest, scopes, created_at) VALUES (:key_id, :name, :digest, :scopes, :now)
ON CONFLICT (name) DO UPDATE SET digest = EXCLUDED.digest, scopes = EXCLUDED.scopes, revoked_at = NULL;

-- name: list_api_keys
SELECT key_id, name, scopes, created_at, revoked_at FROM api_key ORDER BY name;

-- name: revoke_api_key!
UPDATE api_key SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL;
