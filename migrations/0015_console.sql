-- A provider's weight in place of the configured one, for all processes; null: the configured one.
ALTER TABLE provider_controls ADD COLUMN weight integer CHECK (weight BETWEEN 0 AND 10000);

-- Who is signed in at the console. The cookie's secret is not kept, only its hash.
CREATE TABLE console_sessions (
  token_hash      bytea       PRIMARY KEY,
  -- Of the credential as it was: a session ends when another takes its place.
  credential_hash bytea       NOT NULL,
  -- Null: signed in with the admin token.
  key_prefix      text,
  expires_at      timestamptz NOT NULL
);
CREATE INDEX console_sessions_expires ON console_sessions (expires_at);
