//! A node with the stand-ins at Polygon's own addresses, a bettor with money, an oracle and a relayer.

use super::abi::{
    BetsToReject, ClientBetData, ClientData, ConditionData, ICore, IPool, IRelayer, ITable, IToken, OrderData, ResolveData,
    SubBet,
};
use super::contracts::compiled;
use super::node::Node;
use alloy_sol_types::{SolCall, SolValue};
use azuro_client::chain::{self, ChainError};
use azuro_client::contracts::{Call, ChainEvent};
use azuro_client::environment::POLYGON;
use azuro_client::sign::{self, BetTerms, SignedBet, Sponsored, parse_condition};
use domain::{MarketId, Outcome};
use serde_json::{Value, json};
use signing::eip712::{Address, U256, keccak256};
use signing::{EvmKey, EvmSignature, SanitizedValue};

/// The bettor's, of the golden vectors: made up, holds nothing anywhere else.
pub(crate) const KEY: &str = "0x3a51dbab6a3b1bdac88b2cb564eab05962b5ed6a5843c270b3b76b838dd42068";
/// A dollar in raw units of the bet token.
pub(crate) const DOLLAR: u128 = 1_000_000;
/// What the bettor holds at first.
pub(crate) const MEANS: u128 = 1_000 * DOLLAR;
/// What the pool holds at first.
pub(crate) const POOL: u128 = 1_000_000 * DOLLAR;
/// Smallest stake that the pool takes.
pub(crate) const MIN_BET: u128 = DOLLAR;
/// The game of every condition here.
pub(crate) const GAME: u128 = 1_006_000_000_000_030_701_140;
/// The outcomes of every condition here.
pub(crate) const OUTCOMES: [u128; 2] = [7047, 7048];
/// Token ids begin behind this one.
pub(crate) const LAST_TOKEN: u64 = 222_039;

/// One condition per test case: they differ in their last digits.
pub(crate) fn condition(number: u8) -> MarketId {
    parse_condition(&format!("300610060000000000649714110000000000000227249{number:03}")).unwrap()
}

pub(crate) fn text(address: Address) -> String {
    address.to_string()
}

/// What the house's oracle offers, and how the bet is wrapped: what a test bends to see it refused.
pub(crate) struct Offer {
    pub(crate) odds: [u64; 2],
    pub(crate) loss_limit: u128,
    pub(crate) oracle: EvmKey,
    /// Signs in the bettor's place, when it is not the bettor.
    pub(crate) forger: Option<EvmKey>,
    pub(crate) condition: Option<MarketId>,
    /// Stands in the client data instead of the chain's own id.
    pub(crate) chain_id: u64,
}

pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) bettor: EvmKey,
    pub(crate) oracle: EvmKey,
    /// Who resolves and calls off: the account whose signature the Core takes for the oracle's.
    pub(crate) house: Address,
    pub(crate) relayer: Address,
}

impl World {
    /// Everything in place; nothing is approved yet.
    pub(crate) fn new() -> Self {
        Self::on(Node::start())
    }
    pub(crate) fn on(node: Node) -> Self {
        let oracle = EvmKey::from_bytes(&[0x0c; 32]).unwrap();
        Self::of_house(node, oracle.address())
    }
    /// With another house, which signs its own offers.
    pub(crate) fn of_house(node: Node, house: Address) -> Self {
        let bettor = EvmKey::from_hex(&SanitizedValue::from(KEY)).unwrap();
        let oracle = EvmKey::from_bytes(&[0x0c; 32]).unwrap();
        let relayer = Address::repeat_byte(0x7e);
        place(&node, house);
        let world = Self { node, bettor, oracle, house, relayer };
        for account in [world.bettor.address(), house, relayer] {
            world.node.ask("anvil_setBalance", json!([text(account), "0x56bc75e2d63100000"]));
        }
        world.mint(world.bettor.address(), MEANS);
        world.mint(POLYGON.lp, POOL);
        world
    }

    /// As [`World::new`], and the relayer may take all that the bettor has.
    pub(crate) fn approved() -> Self {
        Self::approved_on(Node::start())
    }
    pub(crate) fn approved_on(node: Node) -> Self {
        let world = Self::on(node);
        world.approve(MEANS);
        world
    }
    /// The bettor lets the relayer take so much.
    pub(crate) fn approve(&self, amount: u128) {
        let call = Call::Approve { spender: POLYGON.relayer, amount: U256::from(amount) };
        self.send(self.bettor.address(), POLYGON.bet_token, &call.calldata()).unwrap();
    }

    pub(crate) fn mint(&self, to: Address, value: u128) {
        let call = ITable::mintCall { to, value: U256::from(value) };
        self.send(self.relayer, POLYGON.bet_token, &call.abi_encode()).unwrap();
    }

    pub(crate) fn send(&self, from: Address, to: Address, data: &[u8]) -> Result<Value, Value> {
        self.node.send(&text(from), &text(to), data)
    }

    // The client's questions.

    pub(crate) fn ask<T>(&self, body: String, read: impl FnOnce(u64, &[u8]) -> Result<T, ChainError>) -> Result<T, ChainError> {
        let id = serde_json::from_str::<Value>(&body).unwrap()["id"].as_u64().unwrap();
        read(id, &self.node.post(&body))
    }
    pub(crate) fn units(&self, to: Address, call: &Call) -> Result<u128, ChainError> {
        self.ask(chain::call_request(11, to, call, None), chain::read_units)
    }
    pub(crate) fn balance(&self, of: Address) -> u128 {
        self.units(POLYGON.bet_token, &Call::BalanceOf(of)).unwrap()
    }
    pub(crate) fn allowance(&self) -> u128 {
        let call = Call::Allowance { owner: self.bettor.address(), spender: POLYGON.relayer };
        self.units(POLYGON.bet_token, &call).unwrap()
    }
    pub(crate) fn nonce_used(&self, nonce: u64) -> bool {
        let call = Call::NonceUsed { bettor: self.bettor.address(), nonce: U256::from(nonce) };
        self.ask(chain::call_request(12, POLYGON.core, &call, None), chain::read_flag).unwrap()
    }
    pub(crate) fn payout(&self, bet: u128) -> Result<u128, ChainError> {
        self.units(POLYGON.lp, &Call::ViewPayout { core: POLYGON.core, bet: U256::from(bet) })
    }
    pub(crate) fn head(&self) -> chain::Head {
        self.ask(chain::head_request(13), chain::read_head).unwrap()
    }
    /// All bets of the bettor on chain.
    pub(crate) fn bets(&self) -> Vec<ChainEvent> {
        let body = chain::bets_request(14, POLYGON.core, self.bettor.address(), 0, None);
        self.ask(body, |id, answer| chain::read_events(id, POLYGON.core, answer)).unwrap()
    }
    /// What a call would do, in the words in which the client reads reverts.
    pub(crate) fn would(&self, to: Address, data: &[u8]) -> Result<Vec<u8>, ChainError> {
        let transaction = json!({ "from": text(self.relayer), "to": text(to), "data": format!("0x{}", hex::encode(data)) });
        let body = json!({ "jsonrpc": "2.0", "id": 15, "method": "eth_call", "params": [transaction, "latest"] });
        self.ask(body.to_string(), chain::read_call)
    }

    // A bet.

    /// A bet of ten dollars on the first outcome at 1.8 or better, good for a minute of the chain's time, with a fee of one cent.
    pub(crate) fn terms(&self, condition: MarketId, nonce: u64) -> BetTerms {
        BetTerms {
            attention: String::new(),
            affiliate: self.bettor.address(),
            expires_at: self.head().time_s + 60,
            relayer_fee: 10_000,
            sponsored: Sponsored::default(),
            condition,
            outcome: Outcome(7047),
            min_odds: 1_800_000_000_000,
            amount: 10 * DOLLAR,
            nonce,
        }
    }
    pub(crate) fn offer(&self) -> Offer {
        Offer {
            odds: [1_850_000_000_000, 2_050_000_000_000],
            loss_limit: 50_000 * DOLLAR,
            oracle: self.oracle.clone(),
            forger: None,
            condition: None,
            chain_id: POLYGON.chain_id,
        }
    }
    /// Signs a bet as the client signs it and wraps it as the house would: calldata of `Relayer.betFor`.
    pub(crate) fn order(&self, terms: &BetTerms, offer: &Offer) -> (SignedBet, Vec<u8>) {
        let signed = sign::sign(offer.forger.as_ref().unwrap_or(&self.bettor), &POLYGON, terms);
        let data = self.order_with(terms, offer, &signed.signature);
        (signed, data)
    }
    /// The same around any signature of the bettor's.
    pub(crate) fn order_with(&self, terms: &BetTerms, offer: &Offer, signature: &EvmSignature) -> Vec<u8> {
        let number = |id: MarketId| U256::from_be_bytes(id.0);
        let condition = ConditionData {
            gameId: U256::from(GAME),
            conditionId: number(offer.condition.unwrap_or(terms.condition)),
            conditionKind: 0,
            odds: offer.odds.to_vec(),
            outcomes: OUTCOMES.to_vec(),
            potentialLossLimit: offer.loss_limit,
            winningOutcomesCount: 1,
        };
        let mut order = OrderData {
            betOwner: self.bettor.address(),
            conditionDatas: vec![condition],
            betType: 0,
            oracle: offer.oracle.address(),
            clientBetData: client_bet_data(terms, offer.chain_id).abi_encode().into(),
            bettorSignature: signature.to_bytes().to_vec().into(),
            oracleSignature: Vec::new().into(),
        };
        order.oracleSignature = oracle_signature(&self.oracle, &order).to_bytes().to_vec().into();
        ITable::betForCall { orders: vec![order] }.abi_encode()
    }
    /// The relayer places it.
    pub(crate) fn place_bet(&self, terms: &BetTerms) -> Value {
        let (_, data) = self.order(terms, &self.offer());
        self.send(self.relayer, POLYGON.relayer, &data).unwrap()
    }

    // The house.

    pub(crate) fn resolve(&self, condition: MarketId, winner: u128, settled_at: u64) {
        let row =
            ResolveData { conditionId: U256::from_be_bytes(condition.0), winningOutcomes: vec![winner], settledAt: settled_at };
        let call = ITable::resolveConditionsCall { rows: vec![row] };
        self.send(self.house, POLYGON.core, &call.abi_encode()).unwrap();
    }
    pub(crate) fn cancel(&self, condition: MarketId) {
        let call = ITable::cancelConditionsCall { ids: vec![U256::from_be_bytes(condition.0)] };
        self.send(self.house, POLYGON.core, &call.abi_encode()).unwrap();
    }
    pub(crate) fn reject(&self, condition: MarketId, bet: u128) {
        let row = BetsToReject { conditionId: U256::from_be_bytes(condition.0), tokenIds: vec![U256::from(bet)] };
        let call = ITable::rejectBetsCall { rows: vec![row] };
        self.send(self.house, POLYGON.core, &call.abi_encode()).unwrap();
    }
}

/// A signature as it stands in a request.
pub(crate) fn hex_signature(text: &Value) -> EvmSignature {
    EvmSignature::from_hex(text.as_str().unwrap()).unwrap()
}

/// What the bettor signs, in the ABI's words.
pub(crate) fn client_bet_data(terms: &BetTerms, chain_id: u64) -> ClientBetData {
    ClientBetData {
        clientData: ClientData {
            attention: terms.attention.clone(),
            affiliate: terms.affiliate,
            core: POLYGON.core,
            expiresAt: U256::from(terms.expires_at),
            chainId: U256::from(chain_id),
            relayerFeeAmount: U256::from(terms.relayer_fee),
            isFeeSponsored: terms.sponsored.fee,
            isBetSponsored: terms.sponsored.bet,
            isSponsoredBetReturnable: terms.sponsored.returnable,
        },
        bets: vec![SubBet {
            conditionId: U256::from_be_bytes(terms.condition.0),
            outcomeId: u128::from(terms.outcome.0),
            minOdds: terms.min_odds,
            amount: terms.amount,
            nonce: U256::from(terms.nonce),
        }],
    }
}

/// The stand-in's own choice of what an oracle signs; the venue's is not public.
fn oracle_signature(oracle: &EvmKey, order: &OrderData) -> EvmSignature {
    let hash = |bytes: &[u8]| U256::from_be_bytes(keccak256(bytes));
    let (bet, offer) = (hash(&order.clientBetData), hash(&order.conditionDatas.abi_encode()));
    let words = (U256::from(POLYGON.chain_id), POLYGON.core, bet, offer);
    oracle.sign_digest(&keccak256(&words.abi_encode()))
}

/// Puts the stand-ins where Polygon has the venue's contracts, and introduces them to each other.
fn place(node: &Node, oracle: Address) {
    let put = |name: &str, at: Address, initialize: &[u8]| {
        node.ask("anvil_setCode", json!([text(at), compiled()[name]["runtime"]]));
        if !initialize.is_empty() {
            let deployer = Address::repeat_byte(0xde);
            node.ask("anvil_setBalance", json!([text(deployer), "0x56bc75e2d63100000"]));
            node.send(&text(deployer), &text(at), initialize).unwrap();
        }
    };
    let p = &POLYGON;
    put("BetToken", p.bet_token, &[]);
    put("AzuroBet", p.bet_nft, &IToken::initializeCall { core: p.core, lastTokenId: U256::from(LAST_TOKEN) }.abi_encode());
    put("Core", p.core, &ICore::initializeCall { azuroBet: p.bet_nft, lp: p.lp, oracle }.abi_encode());
    let pool = IPool::initializeCall { token: p.bet_token, relayer: p.relayer, core: p.core, minBet: MIN_BET };
    put("LP", p.lp, &pool.abi_encode());
    put("Relayer", p.relayer, &IRelayer::initializeCall { lp: p.lp }.abi_encode());
}
