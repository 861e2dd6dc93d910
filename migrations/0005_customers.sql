-- Customers, and the keys by which they and the staff of whoever runs the service use the API.

CREATE TABLE customers (
  -- Messages name it, those too that were accepted before there were customers.
  id          bigint      PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
  name        text        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  -- All of its keys are refused.
  disabled_at timestamptz
);

CREATE TABLE api_keys (
  -- The part of a key that anybody may see.
  prefix      text        PRIMARY KEY,
  -- SHA-256 of the whole key, which is kept nowhere.
  hash        bytea       NOT NULL,
  -- NULL: of staff, for all customers.
  customer_id bigint      REFERENCES customers,
  scopes      text[]      NOT NULL,
  note        text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz,
  revoked_at  timestamptz
);

CREATE INDEX api_keys_customer ON api_keys (customer_id, created_at);

-- A customer's listing finds its newest messages at once, however few there are among those of the others.
CREATE INDEX messages_customer ON messages (customer_id, id);
