// Compiles every contract beside this file and prints one JSON object: by name its ABI, its runtime code, its selectors and the first
// topics of its events. The folder with the pinned compiler is the only argument; nothing else of it is used.
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const [folder] = process.argv.slice(2)
if (!folder) throw new Error('usage: node compile.mjs FOLDER-WITH-NODE_MODULES')
const require = createRequire(path.join(path.resolve(folder), 'package.json'))
const solc = require('solc')
const contracts = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'contracts')
const names = readdirSync(contracts).filter(name => name.endsWith('.sol'))
const input = {
  language: 'Solidity',
  sources: Object.fromEntries(names.map(name => [name, { content: readFileSync(path.join(contracts, name), 'utf8') }])),
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: 'paris',
    metadata: { bytecodeHash: 'none' },
    outputSelection: { '*': { '*': ['abi', 'evm.deployedBytecode.object', 'evm.methodIdentifiers'] } },
  },
}
const output = JSON.parse(solc.compile(JSON.stringify(input)))
// A warning is as bad: the contracts are few and small.
if (output.errors?.length) {
  console.error(output.errors.map(row => row.formattedMessage).join('\n'))
  process.exit(1)
}
const all = {}
for (const file of Object.values(output.contracts)) {
  for (const [name, { abi, evm }] of Object.entries(file)) {
    all[name] = { abi, runtime: '0x' + evm.deployedBytecode.object, selectors: evm.methodIdentifiers }
  }
}
console.log(JSON.stringify(all))
