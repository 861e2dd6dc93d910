-- Requests that came with an idempotency key, with the answer that each of them got. Stored in the commit of their messages.

CREATE TABLE idempotency_keys (
  -- The customer whose key it is; 0 for those who act for all customers.
  scope       bigint      NOT NULL,
  key         text        NOT NULL,
  -- SHA-256 of the address and the body.
  fingerprint bytea       NOT NULL,
  status      smallint    NOT NULL,
  response    text        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (scope, key)
);

-- For forgetting them.
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
