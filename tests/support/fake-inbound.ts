/** For unit tests of the API: what came in, and opt-outs, in memory. */
import type { ApiOptions } from '../../src/api/api-options.ts'
import type { InboundItem } from '../../src/domain/inbound-message.ts'
import type { InboundMessage } from '../../src/store/inbound-messages.ts'
import type { OptOut, OptOutQuestion } from '../../src/store/opt-outs.ts'

export interface FakeInbound {
  /** What was taken, in order. */
  readonly taken: InboundItem[]
  readonly messages: InboundMessage[]
  readonly optOuts: OptOut[]
  /** What was asked about opt-outs, one array a statement. */
  readonly questions: OptOutQuestion[][]
  /** Thrown by what takes messages in and by what asks about opt-outs, while it is set. */
  failure?: unknown
}

export function createFakeInbound(fake: FakeInbound): Omit<ApiOptions['inbound'], 'recorded'> {
  return {
    async takeInbound(items) {
      if (fake.failure !== undefined) throw fake.failure
      fake.taken.push(...items)
      return { fresh: items.length, emitted: [] }
    },
    listInboundMessages: async () => fake.messages,
    getInboundMessage: async (id) => fake.messages.find((message) => message.id === id) ?? null,
    listNumberRoutes: async () => [],
    async addOptOuts(customerId, optOuts, source) {
      for (const key of optOuts) {
        const position = fake.optOuts.length + 1
        fake.optOuts.push({ ...key, position, customerId, source, since: new Date(0) })
      }
      return optOuts.length
    },
    async removeOptOut(customerId, { phone, senderId }) {
      const place = fake.optOuts.findIndex(
        (one) => one.customerId === customerId && one.phone === phone && one.senderId === senderId,
      )
      if (place >= 0) fake.optOuts.splice(place, 1)
      return place >= 0
    },
    async listOptOuts(customerId, phone, after, limit) {
      const found = fake.optOuts.filter(
        (one) =>
          one.position > after &&
          (customerId === null || one.customerId === customerId) &&
          (phone === null || one.phone === phone),
      )
      return found.slice(0, limit)
    },
    async customersWithOptOuts(ids) {
      const having = ids.filter((id) => fake.optOuts.some(({ customerId }) => customerId === id))
      return new Map(having.map((id) => [id, true as const]))
    },
    async findOptedOut(questions) {
      if (fake.failure !== undefined) throw fake.failure
      fake.questions.push([...questions])
      return questions.map(({ customerId, recipient, senderId }) =>
        fake.optOuts.some(
          (one) =>
            one.customerId === customerId &&
            one.phone === recipient &&
            (one.senderId === null || senderId === null || one.senderId === senderId),
        ),
      )
    },
  }
}
