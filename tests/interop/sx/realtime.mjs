// The official Centrifugo client against the simulated SX realtime over TLS, unchanged but for URL and CA.
//
// Usage: NODE_EXTRA_CA_CERTS=CA_FILE node realtime.mjs FOLDER-WITH-NODE_MODULES REST_URL WS_URL API_KEY ADDRESS [CHANNEL]
//
// CHANNEL is one that is published to all the time; without it, the books of the event with the most markets. Whatever is done to the connection, the client must see every offset of
// that channel once, or be told that it lost its place. Exits with 1 and one sentence at the first thing that is not so.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'

const [folder, rest, socket, apiKey, address, given] = process.argv.slice(2)
if (!address) throw new Error('usage: node realtime.mjs FOLDER-WITH-NODE_MODULES REST_URL WS_URL API_KEY ADDRESS [CHANNEL]')
const require = createRequire(path.join(path.resolve(folder), 'package.json'))
const { Centrifuge } = require('centrifuge')
const { WebSocket } = require('ws')

const PATIENCE_MS = 15_000
const until = async (what, holds) => {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await new Promise(go => setTimeout(go, 5))) {
    if (holds()) return
  }
  throw new Error(`waited ${PATIENCE_MS} ms in vain: ${what}`)
}

const control = new URL('/_sim/fault', rest)
const fault = async (name, parameters = {}) => {
  const answer = await fetch(control, { method: 'POST', body: JSON.stringify({ name, parameters }) })
  assert.equal(answer.status, 200, `${name}: ${await answer.text()}`)
}
const clear = async name => assert.equal((await fetch(`${control}/${name}`, { method: 'DELETE' })).status, 200, name)

let tokens = 0
const getToken = async () => {
  tokens += 1
  const answer = await fetch(`${rest}/user/realtime-token-v3/api-key`, { headers: { 'x-sx-api-key': apiKey } })
  assert.equal(answer.status, 200, 'the token')
  const body = await answer.json()
  return body.token ?? body.data.token
}

const busiest = async () => {
  const { data } = await (await fetch(`${rest}/markets/active?pageSize=100`)).json()
  const count = new Map()
  for (const { sportXeventId: id, gameTime } of data.markets) {
    if (gameTime * 1000 > Date.now() + 300_000) count.set(id, (count.get(id) ?? 0) + 1)
  }
  const [[event]] = [...count].sort(([, a], [, b]) => b - a)
  return `orderbook_v3_event:${event}`
}
const channel = given ?? (await busiest())

const client = new Centrifuge(socket, {
  websocket: WebSocket,
  getToken,
  minReconnectDelay: 5,
  maxReconnectDelay: 50,
  maxServerPingDelay: 300,
})
const connected = []
const left = []
client.on('connected', context => connected.push(context))
client.on('connecting', context => left.push(context.code))
client.on('disconnected', context => left.push(context.code))

// Every publication of the channel, in the order in which the application gets it.
const book = client.newSubscription(channel, { positioned: true, recoverable: true })
let last // the last offset; nothing before the first subscribe
let seen = 0
const subscribed = []
book.on('subscribed', context => {
  subscribed.push(context)
  if (!context.recovered) last = context.streamPosition.offset // told to start over
})
book.on('publication', context => {
  assert.equal(context.offset, last + 1, `offset ${context.offset} came after ${last}`)
  last = context.offset
  seen += 1
})
const more = async (what, count = 10) => {
  const before = seen
  await until(`publications after ${what}`, () => seen >= before + count)
}
// Does something to the connection; gives what the next subscribe of the book said.
const again = async (what, act) => {
  const before = subscribed.length
  await act()
  await until(`subscribed again after ${what}`, () => subscribed.length > before)
  await more(what)
  return subscribed[before]
}

book.subscribe()
client.connect()
await more('the first subscribe')
assert.equal(subscribed[0].wasRecovering, false)
assert.equal(subscribed[0].recoverable && subscribed[0].positioned, true)

// Cut in every way, with nothing lost and nothing twice.
for (const code of [3000, 3001, 3008, 3012, 0]) {
  const context = await again(`close ${code}`, () => fault('drop_connections', { code }))
  assert.equal(context.wasRecovering && context.recovered, true, `not recovered after ${code}`)
}
for (const name of ['disconnect_push', 'close_inside_subscribe', 'close_inside_recovery']) {
  const context = await again(name, async () => {
    await fault(name, name === 'disconnect_push' ? { code: 3001 } : {})
    if (name !== 'disconnect_push') await fault('drop_connections', {})
  })
  assert.equal(context.recovered, true, `not recovered after ${name}`)
}
{
  const context = await again('a recovery that breaks behind its answer', async () => {
    await fault('close_inside_recovery', { replied: true })
    await fault('drop_connections', {})
  })
  assert.equal(context.recovered, true)
}

// Several objects in one frame.
await fault('merge_frames', { ms: 60 })
await more('merged frames', 30)
await again('a cut among merged frames', () => fault('drop_connections', {}))
await clear('merge_frames')
await more('frames of their own')

// Its place is lost in three ways, and each time it is told.
for (const [what, act] of [
  ['a history that is gone', async () => { await fault('lose_history', { times: 1 }); await fault('drop_connections', {}) }],
  ['a new epoch', () => fault('new_epoch', {})],
  ['a new epoch that nobody told of', () => fault('new_epoch', { told: false })],
]) {
  const context = await again(what, act)
  assert.equal(context.wasRecovering, true, what)
  assert.equal(context.recovered, false, what)
}
{
  const context = await again('a lost publication', () => fault('lose_publication', { times: 1 }))
  assert.equal(context.recovered, true, 'the lost publication was brought back')
}
{
  const context = await again('an unsubscribe push', () => fault('unsubscribe', { channel, code: 2500 }))
  assert.equal(context.recovered, true)
}

// Channels by account.
const outcome = name => new Promise(done => {
  const subscription = client.newSubscription(name, { positioned: true, recoverable: true })
  subscription.on('subscribed', () => done('subscribed'))
  subscription.on('unsubscribed', context => done(context.code))
  subscription.subscribe()
})
assert.equal(await outcome(`account:orders_v3_#${address}`), 'subscribed')
assert.equal(await outcome(`account:fills_v3_#${address}`), 'subscribed')
assert.equal(await outcome('account:orders_v3_#0x0000000000000000000000000000000000000001'), 103)
assert.equal(await outcome('no_such_namespace:global'), 102)

// History.
const history = await book.history({ limit: 5, reverse: true })
assert.equal(history.publications.length, 5)
assert.equal(history.epoch, subscribed.at(-1).streamPosition.epoch)

// A token that is refused once, and one that ends while connected.
{
  const before = tokens
  const context = await again('a refused token', async () => {
    await fault('refuse_token_once', {})
    await fault('drop_connections', {})
  })
  assert.equal(context.recovered, true)
  assert(tokens > before, 'a refused token was used again')
}
{
  const [tokensBefore, connectedBefore] = [tokens, connected.length]
  await until('a refreshed token', () => tokens > tokensBefore)
  await more('a refreshed token')
  assert.equal(connected.length, connectedBefore, 'the refresh cost the connection')
}

// Silence, not even a ping: the client leaves by itself (its code 2) and comes back. Only where pings are not rare.
if (given) {
  const before = left.length
  await fault('slow_reader')
  await until('the client found the link dead', () => left.length > before)
  assert.equal(left[before], 2)
  await clear('slow_reader')
  await more('a dead link')
  assert.equal(subscribed.at(-1).recovered, true)
}

// A close that is final.
await fault('drop_connections', { code: 3503 })
await until('the client gave up', () => client.state === 'disconnected')
assert.equal(left.at(-1), 3503)
console.log(`the official client is content: ${seen} publications, ${connected.length} connections, ${tokens} tokens`)
