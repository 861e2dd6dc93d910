/** An HTTP server that does nothing but answer as the API would. Tells its parent its port; ends with it. */

const answer = JSON.stringify({
  id: '019e0000-0000-7000-8000-000000000000',
  status: 'queued',
  lane: 'normal',
})
const head = { status: 202, headers: { 'content-type': 'application/json' } }

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    await request.arrayBuffer()
    return new Response(answer, head)
  },
})
process.on('disconnect', () => process.exit(0))
process.send?.({ port: server.port })
