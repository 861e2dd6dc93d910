/** Sends to each URL in turn, all names leading to this machine, and writes the errors as JSON: for http-sender.test.ts. */
import { type AddressRange, addressRange } from '../../../src/domain/outbound-address.ts'
import { createHttpSender } from '../../../src/webhooks/http-sender.ts'

const [secret = '', ...urls] = process.argv.slice(2)
const sender = createHttpSender({
  rules: { plainHttp: false, allowed: [addressRange('127.0.0.0/8') as AddressRange] },
  timeoutMs: 5_000,
  version: 'test',
  lookup: async () => ['127.0.0.1'],
})
const errors: (string | null)[] = []
for (const url of urls) {
  const request = {
    url,
    id: 'an-id',
    payload: '{}',
    secrets: [secret],
    attemptedAtMs: Date.now(),
    traceparent: null,
  }
  errors.push((await sender.send(request, new AbortController().signal)).error)
}
process.stdout.write(JSON.stringify(errors))
process.exit(0)
