/** Inbound messages and their parts, for tests of statements. */
import type { InboundItem, MessagePart } from '../../../src/domain/inbound-message.ts'

let numbers = 0
/** Nobody else's. */
export const newPhone = (): string => `+49170${String(++numbers).padStart(7, '0')}`

export function item(changes: Partial<InboundItem> = {}): InboundItem {
  return {
    id: Bun.randomUUIDv7(),
    provider: 'a',
    providerMessageId: crypto.randomUUID(),
    sender: newPhone(),
    recipient: '+4915000000',
    text: 'hello',
    part: null,
    receivedAtMs: null,
    ...changes,
  }
}

/** The parts of one message, as `part` numbers them. */
export function partsOf(texts: readonly string[], part: Partial<MessagePart> = {}): InboundItem[] {
  const sender = newPhone()
  const reference = part.reference ?? 7
  return texts.map((text, index) =>
    item({ sender, text, part: { reference, total: texts.length, number: index + 1 } }),
  )
}
