/** Reading what a peer sends without trusting it to end. */

/**
 * The body as text, or null when it is longer than `bytesMax`; then the rest is not read. Of a compressed one, `content-length` is
 * the size before it was unpacked, so that what comes is counted.
 */
export async function readBounded(response: Response, bytesMax: number): Promise<string | null> {
  const declared = response.headers.get('content-length')
  if (declared !== null) {
    if (Number(declared) > bytesMax) {
      await response.body?.cancel()
      return null
    }
    if (!response.headers.has('content-encoding')) return await response.text()
  }
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.byteLength
    // Leaving the loop cancels the stream.
    if (size > bytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
