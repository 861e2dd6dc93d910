-- What messages cost. Amounts are millionths of the one currency of the installation.

CREATE TABLE accounts (
  customer_id bigint      PRIMARY KEY REFERENCES customers,
  -- The sum of its entries, always.
  balance     bigint      NOT NULL DEFAULT 0,
  -- The balance may go so far below zero.
  credit      bigint      NOT NULL DEFAULT 0 CHECK (credit >= 0),
  -- Which messages are not paid in the end: src/domain/money.ts.
  return_rule text        NOT NULL DEFAULT 'not_sent' CHECK (return_rule IN ('never', 'not_sent', 'not_delivered')),
  opened_at   timestamptz NOT NULL DEFAULT now()
);

-- Only ever added to. Messages that were accepted, or returned, in one commit are one entry.
CREATE TABLE ledger_entries (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint      NOT NULL REFERENCES accounts,
  entered_at  timestamptz NOT NULL DEFAULT now(),
  kind        text        NOT NULL CHECK (kind IN ('top_up', 'adjustment', 'messages', 'return')),
  amount      bigint      NOT NULL,
  -- Of the account, after it.
  balance     bigint      NOT NULL,
  -- How many were paid or returned.
  messages    integer     NOT NULL DEFAULT 0,
  -- Of what people enter: the same one is not entered twice.
  reference   text,
  note        text
);

CREATE INDEX ledger_entries_customer ON ledger_entries (customer_id, id);
CREATE UNIQUE INDEX ledger_entries_reference ON ledger_entries (customer_id, reference) WHERE reference IS NOT NULL;

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is only ever added to';
END $$;

CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

-- Prices a segment by the beginning of the recipient: {"+49": 75000, "+": 100000}.
CREATE TABLE price_lists (
  -- 0: for those customers whose own list says nothing.
  customer_id bigint      PRIMARY KEY,
  prices      jsonb       NOT NULL,
  -- New at every change, so that who knows a list need not read it again.
  version     uuid        NOT NULL DEFAULT gen_random_uuid(),
  changed_at  timestamptz NOT NULL DEFAULT now()
);

-- What a message was paid with; NULL: it was not. And the rule of its account then, so that its state alone tells whether it was returned.
ALTER TABLE messages ADD COLUMN price bigint, ADD COLUMN return_rule text;
