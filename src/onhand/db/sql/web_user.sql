-- name: insert_web_user!
INSERT INTO web_user (user_id, name, scopes, created_at) VALUES (:user_id, :name, :scopes, :now)
ON CONFLICT (name) DO UPDATE SET scopes = EXCLUDED.scopes;

-- name: find_web_user
SELECT user_id, name, scopes, password_hash, locked_until FROM web_user WHERE name = :name AND disabled_at IS NULL;

-- name: set_web_password!
UPDATE web_user SET password_hash = :password_hash, failures = 0, locked_until = NULL WHERE user_id = :user_id;

-- name: claim_web_attempt
-- Counted before the password is looked at: guesses at the same moment share one budget.
UPDATE web_user SET
  failures = CASE WHEN failures + 1 >= :failures_max THEN 0 ELSE failures + 1 END,
  locked_until = CASE WHEN failures + 1 >= :failures_max THEN :locked_until::timestamptz ELSE NULL END
WHERE name = :name AND disabled_at IS NULL AND (locked_until IS NULL OR locked_until <= :now)
RETURNING user_id, name, scopes, password_hash, locked_until;

-- name: clear_web_failures!
UPDATE web_user SET failures = 0, locked_until = NULL WHERE user_id = :user_id;

-- name: list_web_users
SELECT name, scopes, password_hash IS NOT NULL AS has_password, created_at, disabled_at FROM web_user ORDER BY name;

-- name: insert_web_session!
INSERT INTO web_session (digest, user_id, expires_at) VALUES (:digest, :user_id, :expires_at);

-- name: find_web_session
SELECT web_user.user_id, web_user.name, web_user.scopes FROM web_session JOIN web_user USING (user_id)
WHERE digest = :digest AND expires_at > :now AND disabled_at IS NULL;

-- name: delete_web_session!
DELETE FROM web_session WHERE digest = :digest OR expires_at <= :now;

-- name: insert_web_link!
INSERT INTO web_link (digest, user_id, expires_at) VALUES (:digest, :user_id, :expires_at);

-- name: take_web_link
DELETE FROM web_link USING web_user WHERE digest = :digest AND web_user.user_id = web_link.user_id
  AND disabled_at IS NULL
RETURNING web_link.user_id, web_link.expires_at;

-- name: disable_web_user!
UPDATE web_user SET disabled_at = :now WHERE name = :name AND disabled_at IS NULL;

-- name: enable_web_user!
UPDATE web_user SET disabled_at = NULL, failures = 0, locked_until = NULL WHERE name = :name;

-- name: delete_web_user!
DELETE FROM web_user WHERE name = :name;

-- name: end_web_sessions!
-- And links: what lets this user in, except for one session.
WITH ended AS (DELETE FROM web_session USING web_user
  WHERE web_session.user_id = web_user.user_id AND web_user.name = :name AND digest <> :kept_digest::bytea)
DELETE FROM web_link USING web_user WHERE web_link.user_id = web_user.user_id AND web_user.name = :name;
