/** A message that the operator brings to the gateway, as if somebody had sent it: whole or in parts, in any order, and repeated. */
import { z } from 'zod'
import type { Random } from './randomness.ts'

const orders = ['in_order', 'reversed', 'shuffled'] as const

/** Parts of one message; a test has no use for more. */
const partsMax = 255

export const inboundSchema = z.strictObject({
  /** The gateway's address for this identity's inbound messages. */
  url: z.url({ protocol: /^https?$/ }),
  from: z.string().max(32),
  to: z.string().max(32),
  text: z.string().max(partsMax * 160),
  /** The text is cut into so many parts of about one length. */
  parts: z.int().min(1).max(partsMax).default(1),
  reference: z.int().min(0).max(65_535).optional(),
  order: z.enum(orders).default('in_order'),
  /** Every item so many times. */
  copies: z.int().min(1).max(10).default(1),
  /** Whether a copy has the id of the first. */
  same_ids: z.boolean().default(true),
  /** Numbers of parts that are not sent. */
  without: z.array(z.int().min(1).max(partsMax)).max(partsMax).default([]),
  /** Whether each item is a request of its own. */
  one_by_one: z.boolean().default(true),
  /** Whether parts are told by a user data header. */
  udh: z.boolean().default(false),
})
export type InboundOrder = z.infer<typeof inboundSchema>

export interface InboundItem {
  readonly message_id: string
  readonly from: string
  readonly to: string
  readonly text: string
  readonly part?: { readonly reference: number; readonly total: number; readonly number: number }
  readonly udh?: string
}

/** What is brought, in order. */
export function inboundItems(order: InboundOrder, random: Random): InboundItem[] {
  const { from, to, parts, copies, without } = order
  const reference = order.reference ?? Math.floor(random() * 65_536)
  const texts = cut(order.text, parts)
  const items = texts.flatMap((text, index): InboundItem[] => {
    const number = index + 1
    if (without.includes(number)) return []
    const item = { message_id: crypto.randomUUID(), from, to, text }
    if (parts === 1) return [item]
    if (order.udh) return [{ ...item, udh: headerOf(reference, parts, number) }]
    return [{ ...item, part: { reference, total: parts, number } }]
  })
  const all = Array.from({ length: copies }, (_, copy) =>
    copy === 0 || order.same_ids
      ? items
      : items.map((item) => ({ ...item, message_id: crypto.randomUUID() })),
  ).flat()
  if (order.order === 'reversed') all.reverse()
  if (order.order === 'shuffled') shuffle(all, random)
  return all
}

/** By code points, so that no surrogate pair is cut. */
function cut(text: string, parts: number): string[] {
  const points = [...text]
  const size = Math.ceil(points.length / parts)
  return Array.from({ length: parts }, (_, index) =>
    points.slice(index * size, (index + 1) * size).join(''),
  )
}

/** Concatenation with a 16-bit reference (3GPP TS 23.040 §9.2.3.24.8). */
function headerOf(reference: number, total: number, number: number): string {
  const header = Buffer.from([6, 8, 4, reference >> 8, reference & 255, total, number])
  return header.toString('hex')
}

/** Fisher and Yates. */
function shuffle(items: InboundItem[], random: Random): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const [a, b] = [items[last], items[other]]
    if (a === undefined || b === undefined) continue
    items[last] = b
    items[other] = a
  }
}
