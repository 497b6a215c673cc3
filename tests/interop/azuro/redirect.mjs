// Loaded before the official toolkit (node --import): leads its hosts to the simulator, in fetch and in WebSocket. A host that has no
// place there is an error, so that no test leaves this machine. The toolkit's own source stays as it was installed.
import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

// Imports are looked up from a file's own place; the packages lie elsewhere.
const packages = pathToFileURL(path.join(path.resolve(process.env.AZURO_PACKAGES), 'package.json')).href
const beside = new URL('.', import.meta.url).href
registerHooks({
  resolve(name, context, next) {
    const ours = context.parentURL?.startsWith(beside) && !/^(node:|[./]|file:)/.test(name)
    return next(name, ours ? { ...context, parentURL: packages } : context)
  },
})

const hosts = {
  'api.onchainfeed.org': process.env.AZURO_API,
  'streams.onchainfeed.org': process.env.AZURO_STREAMS,
}
const here = new Set([...Object.values(hosts), process.env.AZURO_RPC].map(place => new URL(place).host))

const moved = address => {
  const url = new URL(address)
  if (here.has(url.host)) return url.href
  if (!hosts[url.host]) throw new Error(`${url.host} has no place in the simulator`)
  const place = new URL(hosts[url.host])
  url.protocol = place.protocol
  url.host = place.host
  return url.href
}

const fetchThere = globalThis.fetch
globalThis.fetch = (request, options) =>
  request instanceof Request
    ? fetchThere(new Request(moved(request.url), request), options)
    : fetchThere(moved(request), options)

globalThis.WebSocket = class extends globalThis.WebSocket {
  constructor(address, ...rest) {
    super(moved(address), ...rest)
  }
}
