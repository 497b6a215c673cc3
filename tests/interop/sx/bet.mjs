// An integrator's first bet on the simulated SX over TLS, with nothing of ours: viem signs, the official Centrifugo client listens.
//
// Usage: NODE_EXTRA_CA_CERTS=CA_FILE node bet.mjs FOLDER-WITH-NODE_MODULES REST_URL WS_URL API_KEY PRIVATE_KEY
//
// Walks from the metadata to a bet that is locked on chain (venues/sx.md, sections 2.1, 5 to 8 and 11), then tries orders that
// must not be taken. Exits with 1 and one sentence at the first thing that is not as the document says.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'

const [folder, rest, socket, apiKey, privateKey] = process.argv.slice(2)
if (!privateKey) throw new Error('usage: node bet.mjs FOLDER-WITH-NODE_MODULES REST_URL WS_URL API_KEY PRIVATE_KEY')
const require = createRequire(path.join(path.resolve(folder), 'package.json'))
const { Centrifuge } = require('centrifuge')
const { WebSocket } = require('ws')
const { hashTypedData } = require('viem')
const { generatePrivateKey, privateKeyToAccount } = require('viem/accounts')

const ONE = 10n ** 20n
const PATIENCE_MS = 15_000
const account = privateKeyToAccount(privateKey)
const ask = async (target, body, key = apiKey) => {
  const headers = { ...(key && { 'x-sx-api-key': key }), ...(body && { 'content-type': 'application/json' }) }
  const answer = await fetch(rest + target, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) })
  return { status: answer.status, body: await answer.json() }
}
const data = async (target, body, key) => {
  const answer = await ask(target, body, key)
  assert.equal(answer.status, 200, `${target}: ${JSON.stringify(answer.body)}`)
  return answer.body.data
}
const until = async (what, holds) => {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await new Promise(go => setTimeout(go, 20))) {
    const found = await holds()
    if (found) return found
  }
  throw new Error(`waited ${PATIENCE_MS} ms in vain: ${what}`)
}

// What to sign, and on what.
const { domain, activeAsset } = await data('/metadata/obv3', null, null)
assert.equal(domain.verifyingContract, activeAsset.escrowAddress)
const { markets } = await data('/markets/active?onlyMainLine=true&pageSize=50', null, null)
const later = markets.filter(market => market.gameTime * 1000 > Date.now() + 300_000)
let book
for (const market of later) {
  book = await data(`/orderbook-v3/snapshot?marketHash=${market.marketHash}`, null, null)
  if (book.outcomeOne.length && book.outcomeTwo.length) break
}
assert(book?.outcomeTwo.length, 'no market that starts later has a book')

// The account's own channels, heard through the official client.
const heard = { orders: [], fills: [] }
const getToken = async () => {
  const answer = await ask('/user/realtime-token-v3/api-key')
  return answer.body.token ?? answer.body.data.token
}
const client = new Centrifuge(socket, { websocket: WebSocket, getToken })
for (const [kind, list] of Object.entries(heard)) {
  const channel = client.newSubscription(`account:${kind}_v3_#${account.address}`, { positioned: true, recoverable: true })
  channel.on('publication', ({ data: row }) => list.push(...[row].flat().map(one => one.order ?? one.fill ?? one)))
  channel.subscribe()
  await Promise.all([channel.ready(PATIENCE_MS), client.connect()])
}

// An order for outcome one that takes the best level of outcome two (section 4).
const types = {
  Order: [
    ['bytes32', 'marketHash'],
    ['address', 'baseToken'],
    ['uint256', 'totalBetSize'],
    ['uint256', 'percentageOdds'],
    ['uint256', 'salt'],
    ['uint256', 'expiry'],
    ['address', 'maker'],
    ['bool', 'isMakerBettingOutcomeOne'],
  ].map(([type, name]) => ({ type, name })),
}
const signed = async (changes = {}, { signer = account, over = domain } = {}) => {
  const order = {
    marketHash: book.marketHash,
    maker: account.address,
    baseToken: activeAsset.baseToken,
    totalBetSize: '5000000',
    percentageOdds: (ONE - BigInt(book.outcomeTwo[0].percentageOdds)).toString(),
    salt: `0x${randomBytes(32).toString('hex')}`,
    expiry: Math.floor(Date.now() / 1000) + 120,
    isMakerBettingOutcomeOne: true,
    ...changes,
  }
  const numbers = Object.fromEntries(['totalBetSize', 'percentageOdds', 'salt', 'expiry'].map(name => [name, BigInt(order[name])]))
  const typed = { domain: over, types, primaryType: 'Order', message: { ...order, ...numbers } }
  const orderSignature = await signer.signTypedData(typed)
  return { id: hashTypedData(typed), item: { ...order, timeInForce: 'FOK', orderSignature } }
}
const post = item => ask('/orders-v3', { orders: [item], waitForOutcome: true, maxWaitTime: 15_000 })

const bet = await signed()
const placed = await post(bet.item)
assert.equal(placed.status, 200, JSON.stringify(placed.body))
const [entry] = placed.body.data.orders
assert.equal(entry.status, 'SUBMITTED', JSON.stringify(entry))
assert.equal(entry.orderId, bet.id, 'the digest that viem computes is the order id')
assert.equal(entry.outcome.state, 'FULLY_FILLED', JSON.stringify(entry))
assert.equal(entry.outcome.fillAmount, '5000000')

// Matched, then locked: in realtime and when asked.
const fills = status => heard.fills.filter(fill => fill.orderId === bet.id && fill.status === status)
await until('the fill to be matched', () => fills('MATCHED').length)
await until('the fill to be locked', () => fills('LOCKED').length)
await until('the order to be filled', () => heard.orders.some(row => row.id === bet.id && row.inactiveReason === 'FILLED'))
const listed = await data(`/fills-v3?orderId=${bet.id}`)
const rows = listed.fills ?? listed
assert(rows.every(row => row.status === 'LOCKED' && row.fillAmount && !row.isMaker))
assert(rows.every(row => BigInt(row.fillOdds) <= BigInt(bet.item.percentageOdds)), 'a worse price than was asked for')
assert.equal(rows.reduce((sum, row) => sum + BigInt(row.fillAmount), 0n), 5_000_000n)
for (const row of rows) assert.equal(BigInt(row.returnAmount), (BigInt(row.fillAmount) * ONE) / BigInt(row.fillOdds))

// What must not be taken.
const other = privateKeyToAccount(generatePrivateKey())
const refused = async (what, item) => {
  const { status, body } = await post(item)
  const rows = body.data?.orders ?? []
  assert(status === 400 || (rows.length === 1 && rows[0].status === 'FAILED'), `${what} was taken: ${status} ${JSON.stringify(body)}`)
}
await refused('the same order again', bet.item)
await refused('a stake that was not signed', { ...(await signed()).item, totalBetSize: '6000000' })
await refused('a signature of somebody else', (await signed({}, { signer: other })).item)
await refused('somebody else as the maker', (await signed({ maker: other.address }, { signer: other })).item)
await refused('another chain', (await signed({}, { over: { ...domain, chainId: 79479957 } })).item)
await refused('another contract', (await signed({}, { over: { ...domain, verifyingContract: activeAsset.baseToken } })).item)
await refused('odds off the ladder', (await signed({ percentageOdds: (BigInt(bet.item.percentageOdds) + 1n).toString() })).item)
await refused('an order that is over', (await signed({ expiry: Math.floor(Date.now() / 1000) - 1 })).item)
assert.equal((await ask('/orders-v3', { orders: [(await signed()).item] }, null)).status, 401, 'without a key')
const mine = (await data('/trades-v3')).trades
assert.equal(mine.length, 1, 'one bet was placed')

client.disconnect()
console.log(`the integrator is content: ${rows.length} fills at ${entry.outcome.blendedOdds}, ${heard.orders.length} rows of orders`)
