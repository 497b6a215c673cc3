//! Nodes of Azuro's chain: which are configured, and which of them serves it. One rule for every command that needs one.
//!
//! `AZURO_RPC_URL` wins over `venues.azuro.rpc` and may name several, separated by commas; they are asked in their order until one
//! answers, and one that serves another chain is passed over. A URL may hold a key in its path: the log is told of it before anything is
//! done with it, and nothing here names more of one than its host. Called by `bot4 azuro` and by whoever starts Azuro's client.

use crate::config::Config;
use crate::keys::AZURO_RPC_URL;
use crate::probe::{Answer, Line};
use crate::wiring;
use anyhow::Context;
use azuro_client::chain;
use azuro_client::environment::Environment;
use signing::SanitizedValue;
use signing::eip712::U256;
use std::cell::Cell;
use std::fmt::Write as _;
use telemetry::Redactor;
use transport::LinkConfig;
use venue_api::Method;

/// What is missing where none is configured.
pub(crate) const NO_NODE: &str = "no node of the chain is configured: nothing can be bet. Set venues.azuro.rpc in the configuration, or \
                                  AZURO_RPC_URL in .env where the URL holds a key";

/// Parts of a URL that are shorter are no keys.
const KEY_MIN: usize = 6;
/// Parts of nothing but small letters that are shorter are words, such as the name of a chain, which the log needs.
const WORD_MAX: usize = 12;

/// URLs of nodes, in the order in which they are asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeUrls(Vec<SanitizedValue>);

impl NodeUrls {
    /// As configured; none is no error.
    pub(crate) fn configured(config: &Config, environment: &config_manager::Environment) -> Self {
        let urls = match (environment.secrets().get(AZURO_RPC_URL), &config.file.venues.azuro.rpc) {
            (Some(urls), _) => urls.expose_secret().to_owned(),
            (None, Some(url)) => url.clone(),
            (None, None) => return Self::default(),
        };
        let urls = urls.split(',').map(str::trim).filter(|url| !url.is_empty()).map(SanitizedValue::from);
        let urls: Vec<SanitizedValue> = urls.collect();
        urls.iter().for_each(hide);
        Self(urls)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Neither the URL nor what follows its host is ever shown.
fn hide(url: &SanitizedValue) {
    let text = url.expose_secret();
    let Some(path) = text.split_once("://").map_or(text, |(_, rest)| rest).split_once('/').map(|(_, path)| path) else { return };
    for part in std::iter::once(path).chain(path.split(['/', '?', '&', '='])) {
        let word = part.len() < WORD_MAX && part.bytes().all(|byte| byte.is_ascii_lowercase());
        if part.len() >= KEY_MIN && !word {
            Redactor::global().register(&SanitizedValue::from(part));
        }
    }
}

/// One node.
struct Node {
    url: SanitizedValue,
    line: Line,
    /// It has named the chain as its own.
    right: Cell<bool>,
}

/// Lines to the nodes. Lives inside a `LocalSet`.
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    environment: &'static Environment,
}

impl Nodes {
    /// Nothing is connected yet. `roots`: certificates to trust beside the public ones.
    ///
    /// # Errors
    /// A URL that is none, or not encrypted.
    pub(crate) fn new(urls: &NodeUrls, roots: &[String], environment: &'static Environment) -> anyhow::Result<Self> {
        let node = |url: &SanitizedValue| {
            let rest = url.expose_secret();
            // No WebSocket is opened; the link wants a base for it.
            let link = LinkConfig { extra_roots: roots.to_vec(), ..LinkConfig::new("Azuro", rest, "wss://localhost") };
            let line = Line::new(link, wiring::clock()).context("the node's URL (venues.azuro.rpc, or AZURO_RPC_URL)")?;
            anyhow::Ok(Node { url: url.clone(), line, right: Cell::new(false) })
        };
        Ok(Self { nodes: urls.0.iter().map(node).collect::<anyhow::Result<_>>()?, environment })
    }

    pub(crate) async fn stop(&self) {
        for node in &self.nodes {
            node.line.stop().await;
        }
    }

    /// The first node that answers and serves the chain.
    ///
    /// # Errors
    /// Why none does, node by node.
    pub(crate) async fn first(&self) -> Result<SanitizedValue, String> {
        let mut why = String::new();
        for node in &self.nodes {
            match self.check(node).await {
                Ok(()) => return Ok(node.url.clone()),
                Err(reason) => add(&mut why, &reason),
            }
        }
        Err(why_none(why))
    }

    /// One question to the chain: what the first node says that serves it and answers.
    ///
    /// # Errors
    /// Why none did, node by node.
    pub(crate) async fn ask(&self, body: String) -> Result<Vec<u8>, String> {
        let mut why = String::new();
        for node in &self.nodes {
            let said = match self.check(node).await {
                Ok(()) => said(node, body.clone()).await,
                Err(reason) => Err(reason),
            };
            match said {
                Ok(body) => return Ok(body),
                Err(reason) => add(&mut why, &reason),
            }
        }
        Err(why_none(why))
    }

    /// It has named the chain once.
    async fn check(&self, node: &Node) -> Result<(), String> {
        const ID: u64 = 1;
        if node.right.get() {
            return Ok(());
        }
        let body = said(node, chain::chain_id_request(ID)).await?;
        let serves = chain::read_quantity(ID, &body).map_err(|cause| format!("the chain's id: {cause}"))?;
        if serves != U256::from(self.environment.chain_id) {
            let (name, lives) = (self.environment.name, self.environment.chain_id);
            return Err(format!("the node serves chain {serves}, {name} lives on {lives}: change the node's URL"));
        }
        node.right.set(true);
        Ok(())
    }
}

async fn said(node: &Node, body: String) -> Result<Vec<u8>, String> {
    match node.line.ask(Method::Post, String::new(), Vec::new(), body).await {
        Answer::Said { status: 200..=299, body } => Ok(body),
        Answer::Said { status, .. } => Err(format!("the node answers with status {status}")),
        Answer::Nothing(reason) => Err(format!("the node could not be asked: {reason}")),
    }
}

fn add(why: &mut String, reason: &str) {
    let gap = if why.is_empty() { "" } else { "; " };
    let _ = write!(why, "{gap}{reason}"); // a String takes everything
}

fn why_none(why: String) -> String {
    if why.is_empty() { NO_NODE.to_owned() } else { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_host_of_a_node_is_hidden_unless_it_is_a_plain_word() {
        let check = |url: &str, text: &str, expect: &str| {
            hide(&SanitizedValue::from(url));
            assert_eq!(Redactor::global().redact(text), expect, "{url}");
        };
        check("https://node.example.com/v2/Qk3yQk3yQk3y", "asked Qk3yQk3yQk3y", "asked [REDACTED]");
        check("https://node.example.com/polygon/0af31b9c", "0af31b9c of polygon", "[REDACTED] of polygon");
        check("https://node.example.com/?apikey=longlonglonglong", "longlonglonglong", "[REDACTED]");
        check("https://node.example.com", "node.example.com", "node.example.com");
    }
}
