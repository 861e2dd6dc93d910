/** `/docs`: the API's documentation for people, embedded in the executable. */

import swaggerUiStyle from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import swaggerUiScript from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import { type Problem, problemResponse } from '../problems.ts'
import type { Exchange, Route } from '../route.ts'
import { docsContentSecurityPolicy, docsInitScript, docsPageHtml } from './docs-page.ts'

export const docsPath = '/docs'
export const docsAssetPath = '/docs/:asset'

/** Cached for a day, and asked for again with its ETag after that. */
const cacheControl = 'public, max-age=86400'

interface Asset {
  readonly type: string
  /** A path of an embedded file, or the content itself. */
  readonly source: { readonly file: string } | { readonly text: string }
}

const page: Asset = { type: 'text/html; charset=utf-8', source: { text: docsPageHtml } }

const assets: ReadonlyMap<string, Asset> = new Map([
  ['init.js', { type: 'text/javascript; charset=utf-8', source: { text: docsInitScript } }],
  [
    'swagger-ui-bundle.js',
    { type: 'text/javascript; charset=utf-8', source: { file: swaggerUiScript } },
  ],
  ['swagger-ui.css', { type: 'text/css; charset=utf-8', source: { file: swaggerUiStyle } }],
])

export function docsRoutes(): Route[] {
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

  async function serve(asset: Asset, { request }: Exchange): Promise<Response> {
    const etag = await etagOf(asset)
    const headers = {
      'content-type': asset.type,
      'cache-control': asset === page ? 'no-cache' : cacheControl,
      etag,
      'content-security-policy': docsContentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    }
    if (matches(request.headers.get('if-none-match'), etag)) {
      return new Response(null, { status: 304, headers })
    }
    const { source } = asset
    return new Response('text' in source ? source.text : Bun.file(source.file), { headers })
  }

  function serveNamed(exchange: Exchange): Promise<Response> | Response {
    const asset = assets.get(exchange.param('asset'))
    return asset === undefined
      ? problemResponse(noSuchAsset, exchange.requestId)
      : serve(asset, exchange)
  }

  return [
    { method: 'GET', path: docsPath, handle: (exchange) => serve(page, exchange) },
    { method: 'GET', path: docsAssetPath, handle: serveNamed },
  ]
}

/** For whoever types the host alone, or a slash after the address: they are no part of the API. */
export const docsRedirects: readonly Route[] = ['/', `${docsPath}/`].map((path) => ({
  method: 'GET',
  path,
  handle: () => new Response(null, { status: 302, headers: { location: docsPath } }),
}))

const noSuchAsset: Problem = { kind: 'not-found', detail: 'The documentation is at /docs.' }

/** If-None-Match is a list of tags, weak or not, or `*` (RFC 9110 §13.1.2). */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false
  return ifNoneMatch.split(',').some((tag) => {
    const name = tag.trim()
    return name === '*' || name.replace(/^W\//, '') === etag
  })
}
