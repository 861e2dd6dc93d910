-- Messages that people send to our numbers, whose they are, and who wants no more messages.

-- Which customer gets what is sent to a number, or what is sent to it with a keyword.
CREATE TABLE inbound_routes (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number      text        NOT NULL,
  -- The first word, as src/domain/inbound-words.ts folds it; '' for all that no other route takes.
  keyword     text        NOT NULL,
  customer_id bigint      NOT NULL REFERENCES customers,
  created_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE (number, keyword)
);

CREATE TABLE inbound_messages (
  -- A UUIDv7 of when it was whole, or given up: what is new is at the end.
  id                  uuid        PRIMARY KEY,
  provider            text        NOT NULL,
  -- Of the part that came first, when there are several.
  provider_message_id text,
  sender              text        NOT NULL,
  recipient           text        NOT NULL,
  body                text        NOT NULL,
  -- NULL: no route takes it.
  customer_id         bigint,
  -- The first word, folded; '' when there is none.
  keyword             text        NOT NULL,
  action              text,
  parts               smallint    NOT NULL,
  -- The numbers of parts that did not come; NULL when all did.
  missing             jsonb,
  received_at         timestamptz NOT NULL
);

CREATE INDEX inbound_messages_customer ON inbound_messages (customer_id, id);

-- Long messages of which parts are missing, one row each; and for a while those that are complete, by which repeated parts are known.
CREATE TABLE inbound_parts (
  id                  bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
  provider            text        NOT NULL,
  sender              text        NOT NULL,
  recipient           text        NOT NULL,
  reference           integer     NOT NULL,
  total               smallint    NOT NULL,
  -- By number: its text, as it came and folded.
  parts               jsonb       NOT NULL,
  provider_message_id text,
  received_at         timestamptz NOT NULL,
  first_at            timestamptz NOT NULL DEFAULT now(),
  -- When it became a message.
  done_at             timestamptz,
  PRIMARY KEY (provider, sender, recipient, reference, total)
);

CREATE INDEX inbound_parts_waiting ON inbound_parts (first_at) WHERE done_at IS NULL;
CREATE INDEX inbound_parts_done ON inbound_parts (done_at) WHERE done_at IS NOT NULL;

-- What was taken: until then the same again is a repetition.
CREATE TABLE inbound_receipts (
  provider text        NOT NULL,
  key      text        NOT NULL,
  until    timestamptz NOT NULL,
  PRIMARY KEY (provider, key)
);

CREATE INDEX inbound_receipts_until ON inbound_receipts (until);

-- Who wants no messages of a customer, or none of one of its senders.
CREATE TABLE opt_outs (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint      NOT NULL,
  recipient   text        NOT NULL,
  -- '': all of the customer's senders.
  sender      text        NOT NULL,
  source      text        NOT NULL CHECK (source IN ('inbound', 'api', 'import')),
  since       timestamptz NOT NULL DEFAULT now(),
  UNIQUE (customer_id, recipient, sender)
);

CREATE INDEX opt_outs_listing ON opt_outs (customer_id, id);
