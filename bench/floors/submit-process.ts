/** Arguments: a URL and a number of requests. Posts that many bodies like a submit's and prints how many a second. */

const inFlight = 256
const [url = '', requests = '0'] = Bun.argv.slice(2)
let left = Number(requests)

async function post(): Promise<void> {
  while (left > 0) {
    left--
    const body = JSON.stringify({
      to: '+999000000000',
      text: 'A message of the benchmark',
      reference: crypto.randomUUID(),
    })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body })
    await response.text()
  }
}

const startedMs = performance.now()
await Promise.all(Array.from({ length: inFlight }, post))
process.stdout.write(String((Number(requests) * 1_000) / (performance.now() - startedMs)))
