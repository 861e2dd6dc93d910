-- Webhooks: where customers want to be told what becomes of their messages, and what they are told.

CREATE TABLE webhook_endpoints (
  id                         uuid        PRIMARY KEY,
  customer_id                bigint      NOT NULL,
  -- From 1 to the most that a customer may have: two that are made at once do not get the same one. NULL: removed.
  slot                       smallint,
  url                        text        NOT NULL,
  -- Types of events; NULL: all.
  events                     text[],
  description                text,
  -- Signing needs them as they are. Shown when they are made, and never again.
  secret                     text        NOT NULL,
  previous_secret            text,
  previous_secret_expires_at timestamptz,
  created_at                 timestamptz NOT NULL DEFAULT now(),
  disabled_at                timestamptz,
  disabled_reason            text,
  -- Its deliveries are being removed; then it is removed itself.
  deleted_at                 timestamptz,
  -- Attempts that failed since the last one that did not, and when the first of them did.
  failures                   integer     NOT NULL DEFAULT 0,
  failing_since              timestamptz,
  -- It asked for less: nothing is sent before.
  paused_until               timestamptz,
  UNIQUE (customer_id, slot)
);

-- By this every commit that moves messages finds who wants to know.
CREATE INDEX webhook_endpoints_live ON webhook_endpoints (customer_id)
  WHERE disabled_at IS NULL AND deleted_at IS NULL;
CREATE INDEX webhook_endpoints_deleted ON webhook_endpoints (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TYPE webhook_delivery_status AS ENUM ('pending', 'delivered', 'failed');

-- Outbox and history in one: a row is written in the commit of what it tells about.
CREATE TABLE webhook_deliveries (
  -- A UUIDv7, and the webhook-id of every attempt.
  id              uuid                    PRIMARY KEY,
  endpoint_id     uuid                    NOT NULL,
  event_type      text                    NOT NULL,
  -- The body, byte for byte the same in every attempt.
  payload         text                    NOT NULL,
  status          webhook_delivery_status NOT NULL DEFAULT 'pending',
  -- All that were begun, and those since it was last put on the schedule.
  attempts        integer                 NOT NULL DEFAULT 0,
  schedule_step   smallint                NOT NULL DEFAULT 0,
  -- When the next attempt is due; during an attempt, when it counts as lost.
  next_at         timestamptz             NOT NULL DEFAULT now(),
  -- Names the attempt under way: a late settlement of another one changes nothing.
  claim_token     bigint,
  attempted_at    timestamptz,
  failed_since    timestamptz,
  final_at        timestamptz,
  response_status smallint,
  error_code      text
) WITH (autovacuum_vacuum_scale_factor = 0.02);

-- What is due, endpoint by endpoint: one with a long backlog is passed by in one step.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_history ON webhook_deliveries (endpoint_id, id);

-- A UUIDv7 of the moment of the statement (RFC 9562 §5.7), for ids that are made here.
CREATE FUNCTION uuid_v7_now() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT (left(uuid_v7_floor(now())::text, 14) || '7' || right(gen_random_uuid()::text, 21))::uuid
$$;
