-- People at the pages: who may log in, their sessions, and links that log in once. Secrets are kept as digests only.

CREATE TABLE web_user (
  user_id uuid PRIMARY KEY,
  name text NOT NULL,
  password_hash text,              -- argon2id; null = no password yet, only a one-time link logs in
  scopes text[] NOT NULL,
  failures integer NOT NULL DEFAULT 0,  -- wrong passwords since the last right one
  locked_until timestamptz,
  created_at timestamptz NOT NULL,
  CONSTRAINT web_user_name_unique UNIQUE (name),
  CONSTRAINT web_user_scopes_known CHECK (scopes <@ ARRAY['read', 'reserve', 'operate', 'admin'])
);

CREATE TABLE web_session (
  digest bytea PRIMARY KEY,        -- SHA-256 of the cookie
  user_id uuid NOT NULL REFERENCES web_user ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);
CREATE INDEX web_session_expires ON web_session (expires_at);

CREATE TABLE web_link (
  digest bytea PRIMARY KEY,        -- SHA-256 of the secret in the link; the row goes when it is used
  user_id uuid NOT NULL REFERENCES web_user ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);

-- Search as you type: the beginning of a SKU, or of each word of a name. The prefix index knows no collation.
CREATE INDEX product_sku_prefix ON product (upper(sku) text_pattern_ops);
CREATE INDEX product_name_words ON product USING gin (to_tsvector('simple', name));
