/** `/docs`: the API's documentation for people, embedded in the executable. */

import swaggerUiStyle from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import swaggerUiScript from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import { type Asset, createAssetServer } from '../assets.ts'
import { type Problem, problemResponse } from '../problems.ts'
import type { Exchange, Route } from '../route.ts'
import { docsContentSecurityPolicy, docsInitScript, docsPageHtml } from './docs-page.ts'

export const docsPath = '/docs'
export const docsAssetPath = '/docs/:asset'

const page: Asset = {
  type: 'text/html; charset=utf-8',
  source: { text: docsPageHtml },
  isPage: true,
}

const assets: ReadonlyMap<string, Asset> = new Map([
  ['init.js', { type: 'text/javascript; charset=utf-8', source: { text: docsInitScript } }],
  [
    'swagger-ui-bundle.js',
    { type: 'text/javascript; charset=utf-8', source: { file: swaggerUiScript } },
  ],
  ['swagger-ui.css', { type: 'text/css; charset=utf-8', source: { file: swaggerUiStyle } }],
])

export function docsRoutes(): Route[] {
  const serve = createAssetServer(docsContentSecurityPolicy)

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
