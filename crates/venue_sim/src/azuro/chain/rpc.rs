//! JSON-RPC as a node answers it (sections 14.3 and 14.4; shapes recorded from a real node).

use super::past::{At, STATES};
use super::tx::{self, Transaction};
use super::{Chain, LOG_RANGE, Log, Pending, Receipt, Revert, views};
use alloy_primitives::{Address, B256, U256, hex};
use serde_json::{Value, json};

/// An error of the protocol: code, message and perhaps data.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failed {
    code: i64,
    message: String,
    data: Option<String>,
}

type Answer = Result<Value, Failed>;

fn failed(code: i64, message: impl Into<String>) -> Failed {
    Failed { code, message: message.into(), data: None }
}

fn bad_params() -> Failed {
    failed(-32602, "invalid params")
}

impl From<Revert> for Failed {
    fn from(revert: Revert) -> Self {
        Self { code: 3, message: "execution reverted".to_owned(), data: Some(bytes(&revert.data)) }
    }
}

/// Most requests in one batch; a longer one is refused whole.
const BATCH: usize = 100;

fn quantity(value: impl TryInto<U256>) -> Value {
    json!(format!("{:#x}", value.try_into().unwrap_or(U256::MAX)))
}

fn bytes(data: &[u8]) -> String {
    format!("0x{}", hex::encode(data))
}

fn hash(value: B256) -> Value {
    json!(bytes(value.as_slice()))
}

fn address(value: Address) -> Value {
    json!(bytes(value.as_slice()))
}

fn address_of(value: &Value) -> Result<Address, Failed> {
    value.as_str().and_then(super::super::sign::address).ok_or_else(bad_params)
}

fn hash_of(value: &Value) -> Result<B256, Failed> {
    value.as_str().and_then(|t| t.parse().ok()).ok_or_else(bad_params)
}

fn bytes_of(value: &Value) -> Result<Vec<u8>, Failed> {
    let text = value.as_str().and_then(|t| t.strip_prefix("0x")).ok_or_else(bad_params)?;
    hex::decode(text).map_err(|_| bad_params())
}

fn number_of(value: &Value) -> Result<u64, Failed> {
    let digits = value.as_str().and_then(|t| t.strip_prefix("0x")).ok_or_else(bad_params)?;
    u64::from_str_radix(digits, 16).map_err(|_| bad_params())
}

impl Chain {
    /// The answer to a body that was posted.
    pub(in super::super) fn rpc(&mut self, body: &[u8]) -> Value {
        match serde_json::from_slice::<Value>(body) {
            Err(_) => envelope(&Value::Null, Err(failed(-32700, "parse error"))),
            Ok(Value::Array(batch)) if batch.is_empty() || batch.len() > BATCH => {
                envelope(&Value::Null, Err(failed(-32600, "empty batch, or more than a hundred requests")))
            }
            Ok(Value::Array(batch)) => batch.iter().map(|request| self.one(request)).collect(),
            Ok(request) => self.one(&request),
        }
    }

    fn one(&mut self, request: &Value) -> Value {
        let Some(method) = request["method"].as_str() else {
            return envelope(&request["id"], Err(failed(-32600, "invalid request")));
        };
        let answer = self.dispatch(method, &request["params"]);
        envelope(&request["id"], answer)
    }

    fn dispatch(&mut self, method: &str, params: &Value) -> Answer {
        let head = self.seen_head();
        match method {
            "eth_chainId" => Ok(quantity(self.contracts.chain_id)),
            "net_version" => Ok(json!(self.contracts.chain_id.to_string())),
            "web3_clientVersion" => Ok(json!("venue_sim/azuro")),
            "eth_syncing" => Ok(json!(false)),
            "eth_blockNumber" => Ok(quantity(head)),
            "eth_getBlockByNumber" => {
                let number = self.height(&params[0])?;
                Ok(if number > head { Value::Null } else { self.block(number) })
            }
            "eth_getBalance" => {
                let who = address_of(&params[0])?;
                if params[1].is_null() {
                    return Err(bad_params());
                }
                Ok(quantity(self.state(&params[1])?.native_balance(who)))
            }
            "eth_getCode" => {
                let who = address_of(&params[0])?;
                let empty = self.state(&params[1])?.call(who, who, &[]).is_ok_and(|b| b.is_empty());
                Ok(json!(if empty { "0x" } else { "0x60806040" }))
            }
            "eth_gasPrice" => Ok(quantity(self.base_fee_wei.saturating_add(PRIORITY_WEI))),
            "eth_maxPriorityFeePerGas" => Ok(quantity(PRIORITY_WEI)),
            "eth_feeHistory" => self.fee_history(params),
            "eth_call" => {
                let (from, to, data) = message(&params[0])?;
                Ok(json!(bytes(&self.state(&params[1])?.call(from, to, &data)?)))
            }
            "eth_estimateGas" => {
                let (from, to, data) = message(&params[0])?;
                self.state(&params[1])?.call(from, to, &data)?;
                Ok(quantity(views::gas_of(&data)))
            }
            "eth_getTransactionCount" => {
                let who = address_of(&params[0])?;
                let mut next = self.state(&params[1])?.tx_count(who);
                while params[1] == "pending" && self.pending.contains_key(&(who, next)) {
                    next += 1;
                }
                Ok(quantity(next))
            }
            "eth_sendRawTransaction" => self.send_raw(&params[0]),
            "eth_getTransactionByHash" => Ok(self.transaction(hash_of(&params[0])?)),
            "eth_getTransactionReceipt" => {
                let wanted = hash_of(&params[0])?;
                let receipt = self.receipts.get(&wanted).filter(|r| r.block <= head);
                Ok(receipt.map_or(Value::Null, |r| self.receipt(wanted, r)))
            }
            "eth_getLogs" => self.get_logs(&params[0]),
            _ => Err(failed(-32601, "Method not found")),
        }
    }

    /// A block parameter; absent means the newest block.
    fn height(&self, tag: &Value) -> Result<u64, Failed> {
        match tag.as_str() {
            None if tag.is_null() => Ok(self.seen_head()),
            Some("latest" | "safe" | "finalized" | "pending") => Ok(self.seen_head()),
            Some("earliest") => Ok(0),
            _ => number_of(tag),
        }
    }

    /// The state that a question is about. A block that the node does not have yet is an error, and so is one whose state is gone.
    fn state(&self, tag: &Value) -> Result<At<'_>, Failed> {
        let (block, head) = (self.height(tag)?, self.seen_head());
        if block > head {
            return Err(failed(-32602, format!("BlockOutOfRangeError: block height is {head} but requested was {block}")));
        }
        if head - block >= STATES {
            let root = self.hash("state", block);
            return Err(failed(-32000, format!("missing trie node {root:x} (path ) state {root:#x} is not available")));
        }
        Ok(At { chain: self, block })
    }

    fn block(&self, number: u64) -> Value {
        let zero = hash(B256::ZERO);
        let transactions: Vec<Value> = self.mined.get(&number).into_iter().flatten().map(|h| hash(*h)).collect();
        json!({
            "hash": hash(self.hash("block", number)),
            "parentHash": hash(self.hash("block", number.wrapping_sub(1))),
            "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
            "miner": address(Address::ZERO),
            "stateRoot": hash(self.hash("state", number)),
            "transactionsRoot": hash(self.hash("transactions", number)),
            "receiptsRoot": hash(self.hash("receipts", number)),
            "logsBloom": bloom(),
            "difficulty": "0x0",
            "number": quantity(number),
            "gasLimit": "0x1c9c380",
            "gasUsed": quantity(transactions.len() as u64 * 100_000),
            "timestamp": quantity(Self::time_of(number)),
            "extraData": "0x",
            "mixHash": zero,
            "nonce": "0x0000000000000000",
            "baseFeePerGas": quantity(self.base_fee_wei),
            "totalDifficulty": "0x0",
            "size": "0x322",
            "uncles": [],
            "transactions": transactions,
        })
    }

    fn fee_history(&self, params: &Value) -> Answer {
        let count = match &params[0] {
            Value::Number(n) => n.as_u64().ok_or_else(bad_params)?,
            other => number_of(other)?,
        };
        let count = count.clamp(1, 1_024);
        let newest = self.height(&params[1])?.min(self.seen_head());
        let percentiles = params[2].as_array().map_or(0, Vec::len).min(100);
        let fee = quantity(self.base_fee_wei);
        let rows = usize::try_from(count).unwrap_or(1);
        Ok(json!({
            "baseFeePerGas": vec![fee; rows + 1],
            "gasUsedRatio": vec![0.5; rows],
            "oldestBlock": quantity(newest.saturating_sub(count - 1)),
            "reward": vec![vec![quantity(PRIORITY_WEI); percentiles]; rows],
        }))
    }

    fn send_raw(&mut self, raw: &Value) -> Answer {
        let tx = tx::read(&bytes_of(raw)?, self.contracts.chain_id).map_err(|e| failed(-32000, e))?;
        let Transaction { hash: id, from, nonce, .. } = tx;
        if self.receipts.contains_key(&id) || self.pending.get(&(from, nonce)).is_some_and(|p| p.tx.hash == id) {
            return Err(failed(-32000, "already known"));
        }
        let mined = self.tx_counts.get(&from).copied().unwrap_or(0);
        if nonce < mined {
            return Err(failed(-32000, format!("nonce too low: next nonce {mined}, tx nonce {nonce}")));
        }
        if tx.max_fee < tx.priority_fee {
            return Err(failed(-32000, "max priority fee per gas higher than max fee per gas"));
        }
        if tx.gas_limit < 21_000 {
            return Err(failed(-32000, "intrinsic gas too low"));
        }
        let most = U256::from(tx.gas_limit).saturating_mul(U256::from(tx.max_fee)).saturating_add(tx.value);
        if most > U256::from(self.now().native_balance(from)) {
            return Err(failed(-32000, "insufficient funds for gas * price + value"));
        }
        if let Some(waiting) = self.pending.get(&(from, nonce))
            && tx.max_fee < waiting.tx.max_fee.saturating_add(waiting.tx.max_fee / 10)
        {
            return Err(failed(-32000, "replacement transaction underpriced"));
        }
        self.pending.insert((from, nonce), Pending { tx, from_block: self.head + 1 });
        Ok(hash(id))
    }

    /// A transaction that was sent, mined or not; nothing for one that this node has never had.
    fn transaction(&self, id: B256) -> Value {
        let waiting = self.pending.values().map(|pending| &pending.tx).find(|tx| tx.hash == id);
        let Some(tx) = self.transactions.get(&id).or(waiting) else { return Value::Null };
        let receipt = self.receipts.get(&id).filter(|receipt| receipt.block <= self.seen_head());
        let of_block = |say: &dyn Fn(&Receipt) -> Value| receipt.map_or(Value::Null, say);
        let Transaction { signature, .. } = tx;
        let mut said = json!({
            "type": "0x2",
            "chainId": quantity(self.contracts.chain_id),
            "nonce": quantity(tx.nonce),
            "gas": quantity(tx.gas_limit),
            "maxFeePerGas": quantity(tx.max_fee),
            "maxPriorityFeePerGas": quantity(tx.priority_fee),
            "to": address(tx.to),
            "value": quantity(tx.value),
            "accessList": [],
            "input": bytes(&tx.data),
            "r": quantity(signature.r),
            "s": quantity(signature.s),
            "yParity": quantity(u64::from(signature.parity)),
            "v": quantity(u64::from(signature.parity)),
            "hash": hash(id),
            "blockHash": of_block(&|r| hash(self.hash("block", r.block))),
            "blockNumber": of_block(&|r| quantity(r.block)),
            "transactionIndex": of_block(&|r| quantity(r.index)),
            "from": address(tx.from),
            "gasPrice": quantity(receipt.map_or(tx.max_fee, |r| r.price_wei)),
        });
        if let Some(receipt) = receipt {
            said["blockTimestamp"] = quantity(Self::time_of(receipt.block));
        }
        said
    }

    fn receipt(&self, id: B256, r: &Receipt) -> Value {
        let logs: Vec<Value> = self.logs.get(r.logs.clone()).unwrap_or(&[]).iter().map(|l| self.log_json(l)).collect();
        json!({
            "type": "0x2",
            "status": if r.ok { "0x1" } else { "0x0" },
            "cumulativeGasUsed": quantity(r.gas_used),
            "logs": logs,
            "logsBloom": bloom(),
            "transactionHash": hash(id),
            "transactionIndex": quantity(r.index),
            "blockHash": hash(self.hash("block", r.block)),
            "blockNumber": quantity(r.block),
            "gasUsed": quantity(r.gas_used),
            "effectiveGasPrice": quantity(r.price_wei),
            "from": address(r.from),
            "to": address(r.to),
            "contractAddress": null,
        })
    }

    fn log_json(&self, log: &Log) -> Value {
        json!({
            "address": address(log.address),
            "topics": log.topics.iter().map(|t| hash(*t)).collect::<Vec<_>>(),
            "data": bytes(&log.data),
            "blockHash": hash(self.hash("block", log.block)),
            "blockNumber": quantity(log.block),
            "blockTimestamp": quantity(Self::time_of(log.block)),
            "transactionHash": hash(log.tx_hash),
            "transactionIndex": quantity(log.tx_index),
            "logIndex": quantity(log.index),
            "removed": false,
        })
    }

    fn get_logs(&self, filter: &Value) -> Answer {
        let (from, to) = (self.height(&filter["fromBlock"])?, self.height(&filter["toBlock"])?);
        let to = to.min(self.seen_head());
        if to.saturating_sub(from) > LOG_RANGE {
            return Err(failed(-32000, format!("exceed maximum block range: {LOG_RANGE}")));
        }
        let addresses: Vec<Address> = match &filter["address"] {
            Value::Null => Vec::new(),
            Value::Array(many) => many.iter().map(address_of).collect::<Result<_, _>>()?,
            one => vec![address_of(one)?],
        };
        let mut topics: Vec<Vec<B256>> = Vec::new();
        for place in filter["topics"].as_array().into_iter().flatten() {
            topics.push(match place {
                Value::Null => Vec::new(),
                Value::Array(any) => any.iter().map(hash_of).collect::<Result<_, _>>()?,
                one => vec![hash_of(one)?],
            });
        }
        let fits = |log: &&Log| {
            (from..=to).contains(&log.block)
                && (addresses.is_empty() || addresses.contains(&log.address))
                && topics.len() <= log.topics.len()
                && topics.iter().zip(&log.topics).all(|(any, t)| any.is_empty() || any.contains(t))
        };
        Ok(self.logs.iter().filter(fits).map(|l| self.log_json(l)).collect())
    }
}

/// Sender, callee and data of a call.
fn message(message: &Value) -> Result<(Address, Address, Vec<u8>), Failed> {
    let from = if message["from"].is_null() { Address::ZERO } else { address_of(&message["from"])? };
    let data = [&message["data"], &message["input"]].into_iter().find(|d| !d.is_null());
    let data = data.map_or_else(|| Ok(Vec::new()), bytes_of)?;
    Ok((from, address_of(&message["to"])?, data))
}

/// What wallets pay above the base fee, wei.
const PRIORITY_WEI: u128 = 1_000_000_000;

fn bloom() -> String {
    format!("0x{}", "0".repeat(512))
}

fn envelope(id: &Value, answer: Answer) -> Value {
    match answer {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(Failed { code, message, data: None }) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
        }
        Err(Failed { code, message, data: Some(data) }) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message, "data": data } })
        }
    }
}
