import { afterEach, expect, test } from 'bun:test'
import {
  createFakeApi,
  databaseError,
  type FakeApi,
  fakeAdminToken,
} from '../../../tests/support/fake-api.ts'
import { createMemoryBoard } from '../../figures/memory-board.ts'

const opened: FakeApi[] = []
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close()
})

function setup(isAway: boolean) {
  const fail = (): void => {
    if (isAway) throw databaseError('57P01')
  }
  const api = createFakeApi({
    console: {
      board: createMemoryBoard(),
      opensLocally: false,
      configuration: () => [],
      store: {
        async recorded(_by, _change, actOf) {
          fail()
          actOf(undefined as never)
          return undefined as never
        },
        async findConsoleSession() {
          fail()
          return null
        },
        async endConsoleSession() {
          fail()
        },
      },
    },
  })
  opened.push(api)
  return api
}

const cookie = `sms_gateway_console=${'x'.repeat(43)}`

test('without the database nobody is signed in, and that it is away is said', async () => {
  const api = setup(true)
  const answers = [
    await api.send('/console/sign-in', { key: fakeAdminToken }),
    await api.send('/console/session', undefined, { cookie }),
    await api.send('/console/live', undefined, { cookie }),
    await api.send('/console/api/v1/providers', undefined, { cookie }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503])
  // What needs no session needs no database.
  expect((await api.send('/console')).status).toBe(200)
})

test('a token that cannot be one of ours is not looked up', async () => {
  const api = setup(true)
  for (const value of ['', 'x', 'x'.repeat(44), `${'x'.repeat(42)}"`]) {
    const session = await api.send('/console/session', undefined, {
      cookie: `sms_gateway_console=${value}`,
    })
    expect(session.status).toBe(200)
  }
})

test('signs in while it is there', async () => {
  const signedIn = await setup(false).send('/console/sign-in', { key: fakeAdminToken })
  expect([signedIn.status, signedIn.headers.get('set-cookie')]).toEqual([
    204,
    expect.stringContaining('HttpOnly'),
  ])
})
