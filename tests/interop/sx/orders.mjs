// An independent library, viem, on the orders of SX.
//
// Usage: node orders.mjs FOLDER-WITH-NODE_MODULES < LINES
//
// Every line is one JSON object: {domain, order, orderId, signature} of an order that somebody else signed, or {domain, order, key}
// of one that viem is to sign. Says one line for each: {orderId, signer} as viem sees them, or {orderId, signature, maker}. An order is
// the signed members of venues/sx.md, section 7.1, its numbers as decimal text.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const [folder] = process.argv.slice(2)
if (!folder) throw new Error('usage: node orders.mjs FOLDER-WITH-NODE_MODULES < LINES')
const require = createRequire(path.join(path.resolve(folder), 'package.json'))
const { hashTypedData, recoverTypedDataAddress, verifyTypedData } = require('viem')
const { privateKeyToAccount } = require('viem/accounts')

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
const numbers = ['totalBetSize', 'percentageOdds', 'salt', 'expiry']

for (const line of readFileSync(0, 'utf8').split('\n').filter(text => text)) {
  const { domain, order, key, signature } = JSON.parse(line)
  const message = Object.fromEntries(
    Object.entries(order).map(([name, value]) => [name, numbers.includes(name) ? BigInt(value) : value]),
  )
  const typed = { domain, types, primaryType: 'Order', message }
  const orderId = hashTypedData(typed)
  if (key) {
    const account = privateKeyToAccount(key)
    console.log(JSON.stringify({ orderId, maker: account.address, signature: await account.signTypedData(typed) }))
  } else {
    const signer = await recoverTypedDataAddress({ ...typed, signature })
    const good = await verifyTypedData({ ...typed, address: signer, signature })
    console.log(JSON.stringify({ orderId, signer: good ? signer : null }))
  }
}
