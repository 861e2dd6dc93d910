/** Files of pages, embedded in the executable. */
import type { Exchange } from './route.ts'

export interface Asset {
  readonly type: string
  /** A path of an embedded file, or the content itself. */
  readonly source: { readonly file: string } | { readonly text: string }
  /** A page is asked for each time, with its ETag; what it is made of is cached for a day. */
  readonly isPage?: true
}

/** Cached for a day, and asked for again with its ETag after that. */
const cacheControl = 'public, max-age=86400'

/** @param contentSecurityPolicy of the page that the assets are of */
export function createAssetServer(
  contentSecurityPolicy: string,
): (asset: Asset, exchange: Exchange) => Promise<Response> {
  /** Of each asset once, when it is first asked for. */
  const etags = new Map<Asset, string>()

  async function etagOf(asset: Asset): Promise<string> {
    const known = etags.get(asset)
    if (known !== undefined) return known
    const { source } = asset
    const content = 'text' in source ? source.text : await Bun.file(source.file).bytes()
    const etag = `"${Bun.hash(content).toString(36)}"`
    etags.set(asset, etag)
    return etag
  }

  return async function serve(asset, { request }) {
    const etag = await etagOf(asset)
    const headers = {
      'content-type': asset.type,
      'cache-control': asset.isPage ? 'no-cache' : cacheControl,
      etag,
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    }
    if (matches(request.headers.get('if-none-match'), etag)) {
      return new Response(null, { status: 304, headers })
    }
    const { source } = asset
    return new Response('text' in source ? source.text : Bun.file(source.file), { headers })
  }
}

/** If-None-Match is a list of tags, weak or not, or `*` (RFC 9110 §13.1.2). */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false
  return ifNoneMatch.split(',').some((tag) => {
    const name = tag.trim()
    return name === '*' || name.replace(/^W\//, '') === etag
  })
}
