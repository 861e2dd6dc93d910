import { expect, test } from 'bun:test'
import { malformedAnswer, malformedBodies } from './answers.ts'

test('no malformed body holds a message id that the contract allows', async () => {
  for (const [index] of malformedBodies.entries()) {
    const chance = (index + 0.5) / malformedBodies.length
    const body = await malformedAnswer('p-1', () => chance).text()
    expect(messageIdIn(body)).toBeUndefined()
  }
})

function messageIdIn(body: string): string | undefined {
  try {
    const id: unknown = JSON.parse(body).message_id
    return typeof id === 'string' && id !== '' ? id : undefined
  } catch {
    return undefined
  }
}
