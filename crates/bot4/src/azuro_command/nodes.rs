//! Questions to Azuro's chain and to its API, one at a time, over the sockets that trading uses.
//!
//! Which node is asked is `azuro_nodes`'; what an answer says is judged by who asked.

use crate::azuro_nodes::{NO_NODE, NodeUrls, Nodes};
use crate::config::Config;
use crate::probe::{Answer, Line};
use crate::source::Usage;
use crate::wiring;
use anyhow::{Context, bail};
use azuro_client::chain;
use azuro_client::contracts::Call;
use azuro_client::environment::Environment;
use azuro_client::parse::{self, OrderWord};
use azuro_client::sign::lower_hex;
use azuro_client::state::{OrderState, Settlement};
use azuro_client::transaction::{Claim, claim_request, read_claim};
use signing::eip712::{Address, U256};
use std::cell::Cell;
use transport::LinkConfig;

/// Orders on one page of the API's list: its own default.
const PAGE: usize = 100;
/// More pages than a bot's wallet fills in a year.
const PAGES_MAX: usize = 50;

/// Where the chain and the API are.
pub(super) struct Places {
    nodes: NodeUrls,
    rest: String,
    ws: String,
    roots: Vec<String>,
}

impl Places {
    pub(super) fn configured(config: &Config, environment: &config_manager::Environment) -> anyhow::Result<Self> {
        let v = &config.file.venues.azuro;
        let nodes = NodeUrls::configured(config, environment);
        if nodes.is_empty() {
            return Err(Usage(NO_NODE.to_owned()).into());
        }
        let pem = |file: &std::path::PathBuf| {
            std::fs::read_to_string(file).with_context(|| format!("venues.azuro.ca: {} cannot be read", file.display()))
        };
        let roots = v.ca.iter().map(pem).collect::<anyhow::Result<_>>()?;
        Ok(Self { nodes, rest: v.rest.clone(), ws: v.ws.clone(), roots })
    }
}

/// What the wallet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Bet token, raw units.
    pub(super) balance: u128,
    /// What the relayer may take of it, raw units.
    pub(super) allowance: u128,
    /// Native coin, wei.
    pub(super) coin: u128,
    /// Price of one gas now, wei.
    pub(super) gas_price: u128,
}

/// The wallet's bets by the API's word.
#[derive(Clone, Debug, Default)]
pub(super) struct Bets {
    pub(super) orders: Vec<OrderWord>,
    /// How many did not read.
    pub(super) unread: usize,
}

impl Bets {
    /// Bets that should pay something and were not claimed.
    pub(super) fn payable_by_word(&self) -> Vec<u128> {
        let pays = |order: &&OrderWord| match order.state {
            OrderState::Settled => order.result != Some(Settlement::Lost),
            OrderState::Canceled => true,
            _ => false,
        };
        self.orders
            .iter()
            .filter(|order| !order.redeemed)
            .filter(pays)
            .filter_map(|order| order.taken)
            .map(|taken| taken.bet)
            .collect()
    }
    /// Not decided yet: on their way, or accepted and not settled.
    pub(super) fn open(&self) -> impl Iterator<Item = &OrderWord> {
        let over = |state| matches!(state, OrderState::Rejected | OrderState::Canceled | OrderState::Settled);
        self.orders.iter().filter(move |order| !over(order.state))
    }
}

/// Lines to the chain and to the API. Lives inside a `LocalSet`.
pub(super) struct Lines {
    nodes: Nodes,
    api: Line,
    environment: &'static Environment,
    next: Cell<u64>,
}

impl Lines {
    pub(super) fn new(places: &Places, environment: &'static Environment) -> anyhow::Result<Self> {
        let nodes = Nodes::new(&places.nodes, &places.roots, environment)?;
        let link = LinkConfig { extra_roots: places.roots.clone(), ..LinkConfig::new("Azuro", &places.rest, &places.ws) };
        let api = Line::new(link, wiring::clock()).context("venues.azuro.rest")?;
        Ok(Self { nodes, api, environment, next: Cell::new(1) })
    }

    pub(super) async fn stop(&self) {
        self.nodes.stop().await;
        self.api.stop().await;
    }

    /// One question to the chain; the error says why no node answered.
    pub(super) async fn ask(&self, body: String) -> Result<Vec<u8>, String> {
        self.nodes.ask(body).await
    }

    async fn read<T>(
        &self,
        what: &'static str,
        question: impl FnOnce(u64) -> String,
        read: impl FnOnce(u64, &[u8]) -> Result<T, chain::ChainError>,
    ) -> anyhow::Result<T> {
        let id = self.next.replace(self.next.get().saturating_add(1));
        let body = self.ask(question(id)).await.map_err(|why| anyhow::anyhow!("{what}: {why}"))?;
        read(id, &body).context(what)
    }

    /// What the wallet holds.
    pub(super) async fn wallet(&self, owner: Address) -> anyhow::Result<Held> {
        let (token, spender) = (self.environment.bet_token, self.environment.relayer);
        let units =
            |call: Call| self.read("the bet token", move |id| chain::call_request(id, token, &call, None), chain::read_units);
        let balance = units(Call::BalanceOf(owner)).await?;
        let allowance = units(Call::Allowance { owner, spender }).await?;
        let coin = self.read("the native coin", |id| chain::native_balance_request(id, owner), chain::read_quantity).await?;
        let price = self.read("the price of gas", chain::gas_price_request, chain::read_quantity).await?;
        let wide = |number: U256| u128::try_from(number).unwrap_or(u128::MAX);
        Ok(Held { balance, allowance, coin: wide(coin), gas_price: wide(price) })
    }

    /// What each bet pays now, by the chain.
    pub(super) async fn claims(&self, bets: &[u128]) -> anyhow::Result<Vec<(u128, Claim)>> {
        let mut claims = Vec::with_capacity(bets.len());
        for bet in bets {
            let claim = self.read("what a bet pays", |id| claim_request(id, self.environment, *bet), read_claim).await?;
            claims.push((*bet, claim));
        }
        Ok(claims)
    }

    /// All bets of the wallet that the API has.
    pub(super) async fn bets(&self, owner: Address) -> anyhow::Result<Bets> {
        let mut bets = Bets::default();
        for page in 0..PAGES_MAX {
            let (owner, name, offset) = (lower_hex(owner), self.environment.name, page.saturating_mul(PAGE));
            let target = format!("/bet/orders/bettor/{owner}?environment={name}&offset={offset}&limit={PAGE}");
            let rows = match self.api.get(target, Vec::new()).await {
                Answer::Said { status: 404, .. } => return Ok(bets),
                Answer::Said { status: 200..=299, body } => parse::order_rows(&body, self.environment)?,
                Answer::Said { status, .. } => bail!("Azuro's API answers with status {status}"),
                Answer::Nothing(why) => bail!("Azuro's API could not be asked: {why}"),
            };
            let full = rows.len() >= PAGE;
            for row in rows {
                match row {
                    Ok(order) => bets.orders.push(order),
                    Err(_) => bets.unread = bets.unread.saturating_add(1),
                }
            }
            if !full {
                break;
            }
        }
        Ok(bets)
    }
}
