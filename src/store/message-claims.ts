/**
 * The claim: the one place where a message becomes a processor's to send. Whoever's UPDATE finds the row `queued`
 * has it; a repeated or stale queue entry finds it otherwise and gets nothing.
 */
import type { Sql } from 'postgres'
import { type ClaimToken, newClaimToken } from '../domain/claim-token.ts'
import type { ClaimedMessage, Lane, MessageId } from '../domain/message.ts'
import { messageIdRange } from '../domain/message-id.ts'
import { plainArray, textArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

/** What is asked for: the id, and the provider it will be submitted to if the claim succeeds and no other may hold it. */
export interface ClaimRequest {
  readonly id: MessageId
  readonly provider: string
}

const claimStatement = defineStatement<{
  id: string
  customer_id: string
  lane: Lane
  recipient: string
  sender_id: string | null
  body: string
  attempts: number
  provider: string
  in_doubt_provider: string | null
  traceparent: string | null
}>(
  'messages.claim',
  `UPDATE messages m
   SET status = 'sending', attempts = m.attempts + CASE m.status WHEN 'queued' THEN 1 ELSE 0 END,
       provider = coalesce(m.in_doubt_provider, wanted.provider), claimed_at = now(), claim_token = $6::bigint,
       due_at = CASE WHEN m.due_at IS NOT NULL THEN now() + $5::bigint * interval '1 ms' END
   FROM unnest($1::uuid[], $2::text[]) AS wanted (id, provider)
   WHERE m.id = wanted.id AND m.id = ANY($1::uuid[]) AND m.id BETWEEN $3::uuid AND $4::uuid
     AND (m.status = 'queued' AND m.expires_at > now() AND m.claim_token IS DISTINCT FROM $6::bigint
          OR m.status = 'sending' AND m.claim_token = $6::bigint AND m.provider = coalesce(m.in_doubt_provider, wanted.provider))
   RETURNING m.id, m.customer_id, m.lane, m.recipient, m.sender_id, m.body, m.attempts, m.provider, m.in_doubt_provider,
     m.traceparent`,
)

/**
 * Claims what is still to be sent: `queued` and not expired. The provider is written before anything goes to it, so
 * that after a crash it is known who may hold the message: the one that may already, which is asked first, or else the one
 * that was asked for. Ids that are not in the answer are somebody else's, or done.
 *
 * @param leaseMs after this time without a settlement the claim counts as lost
 * @param token a claim whose answer got lost is asked for again with the same one, and answers what it has; a copy that comes
 *   when the message has moved on takes nothing
 */
export async function claimMessages(
  sql: Sql,
  requests: readonly ClaimRequest[],
  leaseMs: number,
  token: ClaimToken = newClaimToken(Math.random),
): Promise<ClaimedMessage[]> {
  if (requests.length === 0) return []
  // In key order, so that two batches never wait for each other's rows in a circle.
  const ordered = requests.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const ids = ordered.map((request) => request.id)
  const { min, max } = messageIdRange(ids)
  const rows = await claimStatement(sql, [
    plainArray(ids),
    textArray(ordered.map((request) => request.provider)),
    min,
    max,
    leaseMs,
    token,
  ])
  return rows.map((row) => ({
    id: row.id,
    customerId: Number(row.customer_id),
    lane: row.lane,
    recipient: row.recipient,
    senderId: row.sender_id,
    text: row.body,
    attempt: row.attempts,
    provider: row.provider,
    inDoubtProvider: row.in_doubt_provider,
    traceparent: row.traceparent,
    claimToken: token,
  }))
}

/** A claimed message that moves on to another provider. */
export interface Reassignment {
  readonly id: MessageId
  readonly claimToken: ClaimToken
  /** Where it is written down to be. */
  readonly from: string
  readonly provider: string
}

const reassignStatement = defineStatement<{ id: string; claim_token: string }>(
  'messages.reassign',
  `UPDATE messages m
   SET provider = moved.provider, claimed_at = now(),
       due_at = CASE WHEN m.due_at IS NOT NULL THEN now() + $7::bigint * interval '1 ms' END
   FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) AS moved (id, claim_token, from_provider, provider)
   WHERE m.id = moved.id AND m.id = ANY($1::uuid[]) AND m.id BETWEEN $5::uuid AND $6::uuid
     AND m.status = 'sending' AND m.claim_token = moved.claim_token
     AND m.provider IN (moved.from_provider, moved.provider)
   RETURNING m.id, m.claim_token`,
)

/**
 * Writes down, before the next submit, that claimed messages go to another provider, and renews their claims.
 * Answers those that are still the caller's; the others must not be submitted. A move whose answer got lost may be asked
 * for again; a copy of it that comes when the message has moved on changes nothing.
 *
 * @param leaseMs as in `claimMessages`
 */
export async function reassignMessages(
  sql: Sql,
  reassignments: readonly Reassignment[],
  leaseMs: number,
): Promise<Set<Reassignment>> {
  if (reassignments.length === 0) return new Set()
  const ordered = reassignments.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const ids = ordered.map((reassignment) => reassignment.id)
  const { min, max } = messageIdRange(ids)
  const rows = await reassignStatement(sql, [
    plainArray(ids),
    plainArray(ordered.map((reassignment) => reassignment.claimToken)),
    textArray(ordered.map((reassignment) => reassignment.from)),
    textArray(ordered.map((reassignment) => reassignment.provider)),
    min,
    max,
    leaseMs,
  ])
  // By claim: an earlier one of the same message may be in the batch.
  const held = new Map(rows.map((row) => [row.id, row.claim_token]))
  return new Set(reassignments.filter(({ id, claimToken }) => held.get(id) === claimToken))
}
