// Azuro's official toolkit, unchanged, places bets as an integrator would: games, conditions, odds by stream, limits, fee, approval,
// signature, order, polling; then reads the chain with the toolkit's own ABIs. Each step that is not as the toolkit expects stops the run.
import assert from 'node:assert/strict'
import * as toolkit from '@azuro-org/toolkit'
import { createPublicClient, createWalletClient, erc20Abi, getAddress, http, parseUnits } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const chainId = 137
const { chain, contracts, betToken, environment } = toolkit.chainsData[chainId]
// Made up for this test.
const account = privateKeyToAccount('0x7c1d7be3a3f6a6fb3a7e5ba9a9a3c1b1d1f4e0a2c3b4d5e6f708192a3b4c5d6e')
const transport = http(process.env.AZURO_RPC, { retryCount: 0 })
const node = createPublicClient({ chain, transport, pollingInterval: 100 })
const wallet = createWalletClient({ account, chain, transport })
const step = (...words) => console.log(...words)

const until = async (what, ask, enough, seconds) => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await new Promise(go => setTimeout(go, 200))) {
    const answer = await ask()
    if (enough(answer)) return answer
  }
  throw new Error(`${what} did not come within ${seconds} s`)
}

// Games, conditions.
const { games, total } = await toolkit.getGamesByFilters({
  chainId,
  state: toolkit.GameState.Prematch,
  orderBy: toolkit.GameOrderBy.StartsAt,
  perPage: 100,
})
assert(games.length > 0 && total >= games.length, 'games')
for (const game of games) {
  assert.equal(typeof game.startsAt, 'string')
  assert.equal(game.participants.length, 2)
}
// Far enough from its start that its lines stay open until the bet is placed.
const later = games.filter(game => game.state === 'Prematch' && Number(game.startsAt) * 1000 > Date.now() + 600_000)
const again = await toolkit.getGamesByIds({ chainId, gameIds: later.map(game => game.gameId) })
assert.deepEqual(new Set(again.map(game => game.gameId)), new Set(later.map(game => game.gameId)))
const conditions = await toolkit.getConditionsByGameIds({ chainId, gameIds: later.map(game => game.gameId) })
const open = conditions.filter(
  row => row.state === toolkit.ConditionState.Active && row.isPrematchEnabled && !row.hidden
    && row.outcomes.every(outcome => outcome.state === 'Active' && Number(outcome.odds) > 1),
)
assert(open.length > 0, 'open conditions')
step(`${games.length} games, ${conditions.length} conditions, ${open.length} of them open`)

// The dictionary knows what is offered: every market of one game gets a name, and every outcome its selection.
const game = later.find(row => open.some(condition => condition.game.gameId === row.gameId))
const markets = toolkit.groupConditionsByMarket(conditions.filter(row => row.game.gameId === game.gameId))
assert(markets.length > 0 && markets.every(market => market.name && market.conditions.length > 0), 'markets')
step(`${game.title}: ${markets.map(market => market.name).join(', ')}`)

// The stream: an ack, and odds that move.
const watched = open.map(row => row.conditionId)
const socket = new WebSocket(`${toolkit.getSocketEndpoint(chainId)}/feed`)
const heard = { acks: 0, updates: new Map() }
socket.addEventListener('message', ({ data }) => {
  const { event, data: body } = JSON.parse(data)
  if (event === 'SubscribedToConditions') heard.acks += body.conditionIds.length
  if (event === 'ConditionUpdated') heard.updates.set(body.id, body)
})
await new Promise((opened, failed) => {
  socket.addEventListener('open', opened)
  socket.addEventListener('error', event => failed(event.error ?? new Error('the stream does not open')))
})
socket.send(JSON.stringify({ event: 'SubscribeConditions', data: { conditionIds: watched, environment } }))
await until('the ack', () => heard.acks, acks => acks >= watched.length, 10)
await until('an update of the odds', () => heard.updates.size, size => size > 0, 30)
const [update] = heard.updates.values()
assert(update.outcomes.every(outcome => typeof outcome.outcomeId === 'number' && typeof outcome.currentOdds === 'string'))
step(`the stream acknowledged ${heard.acks} conditions and moved ${heard.updates.size} of them`)

// Limits and the fee.
const pick = async () => {
  const states = await toolkit.getConditionsState({ chainId, conditionIds: watched.slice(0, 40) })
  const condition = states.find(row => row.state === 'Active' && row.outcomes.every(outcome => Number(outcome.odds) > 1.05))
  const selection = { conditionId: condition.conditionId, outcomeId: condition.outcomes[0].outcomeId }
  return { selection, odds: Number(condition.outcomes[0].odds) }
}
const fee = await toolkit.getBetFee(chainId)
assert.match(String(fee.relayerFeeAmount), /^\d+$/)

// The approval, by a transaction of viem's.
const allowance = () =>
  node.readContract({ address: betToken.address, abi: erc20Abi, functionName: 'allowance', args: [account.address, contracts.relayer.address] })
const approved = parseUnits('1000', betToken.decimals)
const approval = await wallet.writeContract({
  address: betToken.address,
  abi: erc20Abi,
  functionName: 'approve',
  args: [contracts.relayer.address, approved],
})
const receipt = await until('the approval', () => node.getTransactionReceipt({ hash: approval }).catch(() => undefined), row => row, 30)
assert.equal(receipt.status, 'success')
assert.equal(await allowance(), approved)
step('approved')

// The order. Its least odds are not the toolkit's own calcMinOdds: that cuts a price with one digit after the point to its whole
// part, and so would take any price. The day it no longer does, this line says so.
assert.equal(toolkit.calcMinOdds({ odds: 1.5 }), '1.000000000000')
const amount = parseUnits('12.34', betToken.decimals)
const signed = async ({ selection, odds }, nonce, change = {}) => {
  const clientData = {
    attention: 'By signing this transaction, I agree to place a bet',
    affiliate: account.address,
    core: contracts.core.address,
    expiresAt: Math.floor(Date.now() / 1000) + 120,
    chainId,
    relayerFeeAmount: String(fee.relayerFeeAmount),
    isBetSponsored: false,
    isFeeSponsored: false,
    isSponsoredBetReturnable: false,
  }
  const bet = {
    ...selection,
    minOdds: parseUnits(Math.max(odds * 0.9, 1.01).toFixed(2), 12),
    amount,
    nonce,
  }
  const typed = toolkit.getBetTypedData({ account: account.address, clientData, bet })
  const signature = await account.signTypedData(typed)
  return { account: account.address, clientData, bet: { ...bet, ...change }, signature }
}
const choice = await pick()
const limits = await toolkit.getBetCalculation({ chainId, selections: [choice.selection], account: account.address })
assert(Number(limits.maxBet) >= 12.34 && Number(limits.maxPayout) > 0, JSON.stringify(limits))
const order = await signed(choice, String(Date.now()))
const placed = await toolkit.createBet(order)
const orderId = `${account.address.toLowerCase()}_${order.bet.nonce}`
assert.equal(placed.id, orderId)
assert.equal(placed.state, toolkit.BetOrderState.Created)
step(`placed ${orderId}`)

const seen = new Set([placed.state])
const bet = await until(
  'acceptance',
  () => toolkit.getBet({ chainId, orderId }),
  row => {
    if (row) seen.add(row.state)
    assert(!row || row.state !== toolkit.BetOrderState.Rejected, JSON.stringify(row))
    return row?.state === toolkit.BetOrderState.Accepted && row.betId !== null
  },
  90,
)
assert.equal(bet.bettor.toLowerCase(), account.address.toLowerCase())
assert.equal(Number(bet.amount), 12.34)
assert(parseUnits(String(bet.odds), 12) >= BigInt(order.bet.minOdds), `${bet.odds}`)
const mine = await toolkit.getBetsByBettor({ chainId, bettor: account.address })
assert(mine.some(row => row.id === orderId), 'the list of bets')
step(`accepted as bet ${bet.betId} at ${bet.odds} by way of ${[...seen].join(', ')}`)

// What is signed is what counts: a changed stake is refused, and so is the used nonce.
const forged = await signed(await pick(), String(Date.now()), { amount: amount * 2n })
const refusal = await toolkit.createBet(forged).then(row => row, error => ({ state: 'Rejected', error: `${error.cause?.message} ${error.message}` }))
assert.equal(refusal.state, toolkit.BetOrderState.Rejected)
assert.match(JSON.stringify(refusal), /MessageNotVerified/)
step('a changed stake is refused')

// The chain, by the toolkit's own ABIs.
const core = contracts.core
assert.equal(await node.readContract({ ...core, functionName: 'nonces', args: [account.address, BigInt(order.bet.nonce)] }), true)
assert.equal(await node.readContract({ ...core, functionName: 'nonces', args: [account.address, 1n] }), false)
const owner = await node.readContract({ ...contracts.azuroBet, functionName: 'ownerOf', args: [BigInt(bet.betId)] })
assert.equal(getAddress(owner), account.address)
const head = await node.getBlockNumber()
const logs = await node.getContractEvents({
  ...core,
  eventName: 'NewLiveBet',
  args: { bettor: account.address },
  fromBlock: head > 1000n ? head - 1000n : 0n,
})
assert.equal(logs.length, 1)
const [{ args }] = logs
assert.equal(args.tokenId, BigInt(bet.betId))
assert.equal(args.nonce, BigInt(order.bet.nonce))
assert.equal(args.amount, amount)
assert.equal(args.betDatas[0].conditionId, BigInt(order.bet.conditionId))
assert.equal(args.betDatas[0].odds, parseUnits(String(bet.odds), 12))
const payout = node.readContract({ ...contracts.lp, functionName: 'viewPayout', args: [core.address, BigInt(bet.betId)] })
await assert.rejects(payout, error => /0xacb88053|ConditionNotFinished/.test(`${error.message} ${error.cause?.raw ?? ''}`))
assert.equal(await allowance(), approved - amount - BigInt(fee.relayerFeeAmount))
step('the chain says the same')

socket.close()
console.log(JSON.stringify({ order: orderId, betId: bet.betId, odds: String(bet.odds) }))
console.log('the official toolkit is content')
