/**
 * From what has come in to a message: whose it is, what it asks for, and what that changes, all in the commit that stores it. Shared by
 * what takes messages in and by what gives up waiting for parts.
 */
import type { InboundAction } from '../domain/inbound-message.ts'
import { wordLengthMax, wordPunctuation, wordsOfActions } from '../domain/inbound-words.ts'
import { announceEvents, jsonTime } from './webhook-events.ts'

/** A message that is stored now. */
export interface EmittedMessage {
  readonly provider: string
  readonly action: InboundAction | null
  readonly isRouted: boolean
  readonly isComplete: boolean
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const words = (action: InboundAction): string => wordsOfActions[action].map(quoted).join(', ')
const outer = quoted(` ${wordPunctuation}`)
const own = (action: InboundAction): string =>
  `WHEN own_words -> '${action}' @> to_jsonb(asked) THEN '${action}'`

/** What the customer's webhooks are told of it: what its listing shows, in the commit that stores it. A text is at most a few kB. */
const storedWithInserted = `, ${announceEvents(
  'SELECT * FROM inserted WHERE customer_id IS NOT NULL',
  `'message.received'`,
  `json_build_object('inbound_message_id', event.id, 'customer_id', event.customer_id, 'from', event.sender, 'to', event.recipient,
       'message', event.body, 'keyword', nullif(event.keyword, ''), 'action', event.action, 'complete', event.missing IS NULL,
       'received_at', ${jsonTime('event.received_at')})`,
)}`

/**
 * From `ready (id, provider, provider_message_id, sender, recipient, body, folded, parts, missing, received_at)`.
 *
 * The most specific route takes a message: that of its number and first word, or that of its number. A word of everybody's that stops
 * or starts concerns every customer with a route of the number, because whoever writes it knows the number alone; a customer's own
 * words concern that customer.
 *
 * Who opts out is inserted before who opts in is removed, both in the order of the keys: an INSERT waits for whoever removes the same key, so the
 * other way round two statements could wait for each other.
 *
 * Tables are looked into by `LATERAL … LIMIT 1`: the write pool's planner, kept from nested loops, would read them whole to join them.
 */
export const emission = `
  asking AS MATERIALIZED (
    SELECT ready.*, btrim(regexp_replace(folded, ' +', ' ', 'g'), ${outer}) AS asked FROM ready
  ), worded AS MATERIALIZED (
    SELECT asking.*, CASE WHEN length(first) <= ${wordLengthMax} THEN first ELSE '' END AS keyword,
      CASE WHEN asked IN (${words('stop')}) THEN 'stop' WHEN asked IN (${words('start')}) THEN 'start'
           WHEN asked IN (${words('help')}) THEN 'help' END AS general_action
    FROM asking CROSS JOIN LATERAL (SELECT btrim(split_part(asked, ' ', 1), ${outer}) AS first) AS word
  ), routed AS MATERIALIZED (
    SELECT worded.*, route.customer_id,
      coalesce(general_action, CASE ${own('stop')} ${own('start')} ${own('help')} END) AS action
    FROM worded LEFT JOIN LATERAL (
      SELECT r.customer_id FROM inbound_routes r
      WHERE r.number = worded.recipient AND r.keyword IN ('', worded.keyword)
      ORDER BY r.keyword = '' LIMIT 1
    ) AS route ON true
    LEFT JOIN LATERAL (
      SELECT settings -> 'opt_out_words' AS own_words FROM customers WHERE id = route.customer_id LIMIT 1
    ) AS customer ON true
  ), inserted AS (
    INSERT INTO inbound_messages (id, provider, provider_message_id, sender, recipient, body, customer_id,
      keyword, action, parts, missing, received_at)
    SELECT id, provider, provider_message_id, sender, recipient, body, customer_id,
      keyword, action, parts, missing, received_at
    FROM routed ORDER BY id
    RETURNING *
  )${storedWithInserted}, concerned AS MATERIALIZED (
    SELECT DISTINCT ON (owner.customer_id, sender, recipient) owner.customer_id, sender AS phone, recipient AS number, action
    FROM routed CROSS JOIN LATERAL (
      SELECT routed.customer_id WHERE routed.customer_id IS NOT NULL
      UNION
      SELECT r.customer_id FROM inbound_routes r
      WHERE r.number = routed.recipient AND routed.general_action IS NOT NULL
    ) AS owner
    WHERE action IN ('stop', 'start') AND sender LIKE '+%'
    ORDER BY owner.customer_id, sender, recipient, id DESC
  ), opted_out AS (
    INSERT INTO opt_outs (customer_id, recipient, sender, source)
    SELECT customer_id, phone, number, 'inbound' FROM concerned WHERE action = 'stop'
    ORDER BY customer_id, phone, number
    ON CONFLICT (customer_id, recipient, sender) DO NOTHING RETURNING 1
  ), opted_in AS (
    DELETE FROM opt_outs WHERE id = ANY(ARRAY(
      SELECT known.id FROM concerned CROSS JOIN LATERAL (
        SELECT o.id FROM opt_outs o
        WHERE o.customer_id = concerned.customer_id AND o.recipient = concerned.phone
          AND o.sender = concerned.number LIMIT 1 FOR UPDATE
      ) AS known WHERE concerned.action = 'start' AND (SELECT count(*) FROM opted_out) >= 0))
  )`

/** The column every user of `emission` answers with. */
export const emittedColumn = `(
    SELECT json_agg(json_build_object('provider', provider, 'action', action,
      'isRouted', customer_id IS NOT NULL, 'isComplete', missing IS NULL))
    FROM inserted) AS emitted`

/** Text and missing numbers of a long message, from `parts` and `total`. */
export const joinedParts = `
  SELECT string_agg(part ->> 'text', '' ORDER BY key::int) AS body,
    string_agg(part ->> 'folded', '' ORDER BY key::int) AS folded
  FROM jsonb_each(parts) AS each (key, part)`
export const missingParts = `
  SELECT jsonb_agg(number ORDER BY number) AS missing FROM generate_series(1, total) AS number
  WHERE NOT jsonb_exists(parts, number::text)`
